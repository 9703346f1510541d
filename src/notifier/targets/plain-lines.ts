import type { NoticeMessage } from '../notice-message.ts';

/** The lines of a notice below its headline, without links. */
export function linesOf({ about, lines }: Pick<NoticeMessage, 'about' | 'lines'>): string[] {
  if (!about) return lines;
  const { repo, number, subject, author, reason, tests, moreTests, since } = about;
  return [
    `${repo}#${number} ${subject}, by ${author}`,
    ...(reason === '' ? [] : [reason]),
    ...tests.map((test) => `failed: ${test}`),
    ...(moreTests > 0 ? [`and ${moreTests} more`] : []),
    ...(since ? [`broken since #${since.number} ${since.subject}, by ${since.author}`] : []),
  ];
}

/** Why somebody gets a notice, and how that ends. */
export function footerOf({ why, stop }: Pick<NoticeMessage, 'why' | 'stop'>): string {
  return `You get this because ${why}. To stop it: ${stop}`;
}

/**
 * Foreign text in which chats and mail programs find no address to link and nobody to mention: a character without width stands in
 * what they look for.
 */
export function inert(text: string): string {
  return text.replace(/(:)(\/\/)|(@)|\b(www)(\.)/gi, (found) => `${found[0]}\u200b${found.slice(1)}`);
}

/** Foreign text in Markdown, as which it is shown as it is. */
export function inertMarkdown(text: string): string {
  return inert(text).replace(/[\\`*_~|<>[\](){}#+.!&:-]/g, '\\$&');
}
