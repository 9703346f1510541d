import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';
import { longestSummary } from './longest-summary.ts';

const markdown = new MarkdownIt({ html: true, linkify: true });

/** What is allowed in Markdown: the HTML that GitHub's toolkit for actions writes to summaries. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'pre', 'code', 'kbd', 'samp'],
    ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'caption'],
    ...['a', 'b', 'i', 'em', 'strong', 's', 'del', 'ins', 'sub', 'sup', 'details', 'summary'],
  ],
  allowedAttributes: { a: ['href', 'title', 'rel'], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'] },
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
 * and mail addresses only. The time may grow with the square of the text's length.
 */
export function safeMarkdown(text: string): string {
  const cut = text.length > longestSummary ? `${text.slice(0, longestSummary)}\n\n(cut here)` : text;
  return sanitizeHtml(markdown.render(cut), allowed);
}
