import type { Context } from 'hono';
import { VoltError } from '../../kernel/errors.ts';
import { type Status, statusWords } from '../../kernel/model.ts';
import { newestOf } from '../../record/branches.ts';
import type { WebEnv } from '../access/env.ts';
import { readRepository } from '../access/readable.ts';
import type { Web } from '../services.ts';

const colours: { readonly [S in Status]?: string } = { success: '#1a7a3c', failure: '#c0271b', error: '#8b3fb0' };
const unknown = '#6b6d66';

/** Average width of a character of the font below, in pixels. */
const character = 6.6;

/**
 * `/badge/:repo.svg?branch=`: the result of a branch's newest finished build, as a picture for other sites' pages. By
 * default it is the default branch.
 */
export async function badge(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = (context.req.param('file') ?? '').replace(/\.svg$/, '');
  const repository = await readRepository(web.database, context.get('reader'), name).catch((error) => {
    if (error instanceof VoltError && error.code === 'not_found') return undefined;
    throw error;
  });
  const branch = context.req.query('branch') ?? repository?.defaultBranch ?? undefined;
  const verdicts = ['success', 'failure', 'error'] as const;
  const build =
    repository && branch !== undefined
      ? await newestOf(web.database, { repo: name, ref: `refs/heads/${branch}` }, verdicts)
      : undefined;
  const word = build ? statusWords[build.status] : 'unknown';
  return context.body(picture('volt', word, (build && colours[build.status]) ?? unknown), repository ? 200 : 404, {
    'content-type': 'image/svg+xml',
    'cache-control': 'no-cache',
  });
}

/** @param word one of Volt's words: nothing is escaped here */
function picture(label: string, word: string, colour: string): string {
  const left = Math.round(label.length * character + 14);
  const right = Math.round(word.length * character + 14);
  const width = left + right;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" role="img" aria-label="${label}: ${word}">
<title>${label}: ${word}</title>
<clipPath id="c"><rect width="${width}" height="20" rx="4"/></clipPath>
<g clip-path="url(#c)"><rect width="${left}" height="20" fill="#44464a"/><rect x="${left}" width="${right}" height="20" fill="${colour}"/></g>
<g fill="#fff" text-anchor="middle" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11"><text x="${left / 2}" y="14">${label}</text><text x="${left + right / 2}" y="14">${word}</text></g>
</svg>
`;
}
