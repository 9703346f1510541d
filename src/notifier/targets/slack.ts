import { cut, fitting, whyText } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** The most characters of a text block: docs.slack.dev/reference/block-kit/blocks/section-block */
const longest = 3000;

/** An incoming webhook of Slack. Plain text has no links and mentions nobody; only the links to Volt are markup. */
export const sendSlack: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, lines, link, stop } = message;
  const plain = (text: string) => ({ type: 'plain_text', text, emoji: false });
  const links = [
    `<${link.url}|${escaped(link.label)}>`,
    `<${stop.url}|Stop or change these notices>${stop.command === null ? '' : ` (\`${stop.command}\`)`}`,
  ];
  const body = JSON.stringify({
    // what a notification shows
    text: escaped(headline),
    blocks: [
      { type: 'section', text: plain(fitting([headline, ...lines], longest).join('\n')) },
      {
        type: 'context',
        elements: [{ type: 'mrkdwn', text: links.join(' · ') }, plain(cut(whyText(message), longest))],
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
