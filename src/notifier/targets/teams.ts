import { fitting, footerOf, inert, sizeOfJson } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** The most bytes of the lines; the whole message has at most 28 kB. */
const longest = 16_000;

/** A workflow of Teams that posts an Adaptive Card. Text runs know no markup. */
export const sendTeams: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, lines, link, stop } = message;
  const line = (text: string, look: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text, ...look }],
  });
  const open = (title: string, url: string) => ({ type: 'Action.OpenUrl', title, url });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    ...{ type: 'AdaptiveCard', version: '1.4' },
    body: [
      line(inert(headline), { weight: 'Bolder', size: 'Medium' }),
      ...fitting(lines.map(inert), longest, sizeOfJson).map((text) => line(text)),
      line(inert(footerOf(message)), { isSubtle: true, size: 'Small' }),
    ],
    actions: [open(link.label, link.url), open('Stop or change these notices', stop.url)],
  };
  const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content }];
  await post({ url: to, body: JSON.stringify({ type: 'message', attachments }), mayBePrivate });
};
