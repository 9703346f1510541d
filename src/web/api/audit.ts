import { listActions } from '../../record/audit-search.ts';
import { auditedLines } from '../access/audit-lines.ts';
import { stillHas } from '../access/rights.ts';
import { auditExport, auditLog, auditQuery } from '../schemas/audit.ts';
import { contentRoute, jsonRoute } from './route.ts';

const list = jsonRoute({
  method: 'get',
  path: '/audit',
  summary: 'Who made which change, and who tried to sign in, newest first',
  confidential: true,
  query: auditQuery,
  answer: auditLog,
  handle: async ({ query }, { database }) => {
    const entries = await listActions(database, { ...query, limit: query.limit + 1 });
    const page = entries.slice(0, query.limit);
    return { entries: page, next: entries.length > page.length ? String(page.at(-1)?.id) : null };
  },
});

const lines = contentRoute({
  method: 'get',
  path: '/audit/export',
  summary: 'The entries of the audit log that a search finds, all of them, oldest first',
  confidential: true,
  query: auditExport,
  content: { 'application/jsonl': 'one AuditEntry a line' },
  handle: async ({ query }, context, { database, guard }) =>
    context.body(
      auditedLines(database, query, () => stillHas(context, guard, 'admin')),
      200,
      {
        'content-type': 'application/jsonl',
        'content-disposition': 'attachment; filename="volt-audit.jsonl"',
        'cache-control': 'no-store, no-transform',
      },
    ),
});

export const auditRoutes = [list, lines];
