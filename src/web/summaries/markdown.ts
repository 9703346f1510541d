import MarkdownIt from 'markdown-it';
import sanitizeHtml from 'sanitize-html';

/** Characters of a text that are rendered; what is longer is a report of its own. */
export const longestSummary = 64 * 1024;

const markdown = new MarkdownIt({ html: true, linkify: true });

/** Markdown as in the summaries of GitHub Actions, which may hold some HTML: what steps write there by its toolkit. */
const allowed: sanitizeHtml.IOptions = {
  allowedTags: [
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'p', 'br', 'hr', 'blockquote', 'pre', 'code', 'kbd', 'samp'],
    ...['ul', 'ol', 'li', 'dl', 'dt', 'dd', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'caption'],
    ...['a', 'b', 'i', 'em', 'strong', 's', 'del', 'ins', 'sub', 'sup', 'details', 'summary'],
  ],
  allowedAttributes: { a: ['href', 'title', 'rel'], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'] },
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  // headings of a summary stand below those of the page
  transformTags: {
    h1: 'h3',
    h2: 'h4',
    h3: 'h5',
    h4: 'h6',
    a: sanitizeHtml.simpleTransform('a', { rel: 'noreferrer noopener nofollow' }),
  },
};

/**
 * Foreign Markdown as markup that is safe in a page: no scripts, styles, forms, frames or images, and links that lead to
 * the web alone. Takes time that may grow with the square of the text's length.
 */
export function safeMarkdown(text: string): string {
  const cut = text.length > longestSummary ? `${text.slice(0, longestSummary)}\n\n(cut here)` : text;
  return sanitizeHtml(markdown.render(cut), allowed);
}
