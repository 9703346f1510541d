import { type AuditFilter, listActions } from '../../record/audit-search.ts';
import type { Database } from '../../record/database.ts';

/** Entries that are in memory at once. */
const batch = 500;

/**
 * The entries that a search finds as JSON lines, oldest first, read as fast as the client takes them.
 * @param mayRead whether the client still has the right to; without it the stream breaks off, so that nobody takes a part for all
 */
export function auditedLines(
  database: Database,
  { after: start, ...filter }: AuditFilter & { after?: number | undefined },
  mayRead: () => Promise<boolean>,
): ReadableStream<Uint8Array> {
  let after = start;
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        if (!(await mayRead())) throw new Error('the right to read the audit log has ended');
        const entries = await listActions(database, { ...filter, after, order: 'oldest', limit: batch });
        const text = entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
        if (text !== '') controller.enqueue(Buffer.from(text));
        after = entries.at(-1)?.id;
        if (entries.length < batch) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
