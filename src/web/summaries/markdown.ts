import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';
import { longestSummary } from './longest-summary.ts';

const markdown = new MarkdownIt({ html: true, linkify: true });
markdown.core.ruler.after('inline', 'tasks', ({ tokens }) => {
  for (const [index, token] of tokens.entries()) {
    const first = token.type === 'inline' ? token.children?.[0] : undefined;
    const item = tokens[index - 2];
    if (first?.type !== 'text' || item?.type !== 'list_item_open') continue;
    const box = /^\[([ xX])\] /.exec(first.content);
    if (!box) continue;
    first.content = `${box[1] === ' ' ? '☐' : '☑'} ${first.content.slice(box[0].length)}`;
    item.attrSet('class', 'task');
  }
});

/** What is allowed in Markdown: the HTML that GitHub's toolkit for actions writes to summaries. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'pre', 'code', 'kbd', 'samp'],
    ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'caption'],
    ...['a', 'b', 'i', 'em', 'strong', 's', 'del', 'ins', 'sub', 'sup', 'details', 'summary'],
  ],
  allowedAttributes: { a: ['href', 'title', 'rel'], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'] },
  allowedClasses: { li: ['task'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  // headings of a summary are below those of the page
  transformTags: {
    h1: 'h3',
    h2: 'h4',
    h3: 'h5',
    h4: 'h6',
    a: sanitizeHtml.simpleTransform('a', { rel: 'noreferrer noopener nofollow' }),
  },
};

/**
 * Renders foreign Markdown to HTML that is safe in a page: no scripts, styles, forms, frames or images, and links to web
 * and mail addresses only. Items of task lists have their box as a character. The time may grow with the square of the text's length.
 */
export function safeMarkdown(text: string): string {
  const cut = text.length > longestSummary ? `${text.slice(0, longestSummary)}\n\n(cut here)` : text;
  return sanitizeHtml(markdown.render(cut), allowed);
}
