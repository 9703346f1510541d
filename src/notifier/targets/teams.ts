import { footerOf, inert, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** A workflow of Teams that posts an Adaptive Card (at most 28 kB). Text runs know no markup. */
export const sendTeams: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, link } = message;
  const line = (text: string, look: object = {}) => ({
    type: 'RichTextBlock',
    inlines: [{ type: 'TextRun', text: inert(text), ...look }],
  });
  const content = {
    $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
    ...{ type: 'AdaptiveCard', version: '1.4' },
    body: [
      line(headline, { weight: 'Bolder', size: 'Medium' }),
      ...linesOf(message).map((text) => line(text)),
      line(footerOf(message), { isSubtle: true, size: 'Small' }),
    ],
    actions: [{ type: 'Action.OpenUrl', title: link.label, url: link.url }],
  };
  const attachments = [{ contentType: 'application/vnd.microsoft.card.adaptive', content }];
  await post({ url: to, body: JSON.stringify({ type: 'message', attachments }), mayBePrivate });
};
