import { fitting, footerOf, formed, inertMarkdown, markdownForm } from './plain-lines.ts';
import { post } from './post.ts';
import type { Send } from './target.ts';

/** Characters of the lines; older servers take messages of 4,000 characters, newer ones of 16,383. */
const longest = 2500;

/** An incoming webhook of Mattermost. */
export const sendMattermost: Send = async (message, { address: { to }, mayBePrivate }) => {
  const { headline, lines, link } = message;
  const form = (line: string) => formed(line, message, markdownForm);
  const text = [
    `**${inertMarkdown(headline)}**`,
    ...fitting(lines.map(form), longest),
    `[${inertMarkdown(link.label)}](${link.url})`,
    form(footerOf(message)),
  ].join('\n');
  await post({ url: to, body: JSON.stringify({ text }), mayBePrivate });
};
