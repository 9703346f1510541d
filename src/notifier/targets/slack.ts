import { footerOf, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** The most characters of a text block: docs.slack.dev/reference/block-kit/blocks/section-block */
const longest = 3000;

/** An incoming webhook of Slack. Plain text has no links and mentions nobody; only the link to the build is markup. */
export const sendSlack: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, link } = message;
  const plain = (text: string) => ({ type: 'plain_text', text: text.slice(0, longest), emoji: false });
  const body = JSON.stringify({
    // what a notification shows
    text: escaped(headline),
    blocks: [
      { type: 'section', text: plain([headline, ...linesOf(message)].join('\n')) },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: `<${link.url}|${link.label}>` }, plain(footerOf(message))],
      },
    ],
    unfurl_links: false,
  });
  await post({ url: to, body, mayBePrivate });
};

/** docs.slack.dev/messaging/formatting-message-text#escaping: nothing else begins a link or a mention */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
