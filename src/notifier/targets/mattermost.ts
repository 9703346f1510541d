import { footerOf, inertMarkdown, linesOf } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** An incoming webhook of Mattermost. The whole stays far below its 16,383 characters. */
export const sendMattermost: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, link } = message;
  const lines = [`**${inertMarkdown(headline)}**`, ...linesOf(message).map(inertMarkdown)];
  const text = [...lines, `[${link.label}](${link.url})`, `_${inertMarkdown(footerOf(message))}_`].join('\n');
  await post({ url: to, body: JSON.stringify({ text }), mayBePrivate });
};
