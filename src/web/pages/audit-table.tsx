import { type AuditOutcome, actorWords, entryWords, outcomeWords } from '../../kernel/audit-words.ts';
import type { AuditEntry } from '../../kernel/model/access-shapes.ts';
import { auditedPath } from '../../record/audit-targets.ts';
import { type AuditSearch, auditAddress } from './audit-search.tsx';
import { Age } from './parts.tsx';
import { Table } from './table.tsx';

export interface AuditRows {
  entries: readonly AuditEntry[];
  /** what the entries were searched by: links narrow it */
  search: Partial<AuditSearch>;
  now: number;
}

/** Entries of the audit log. */
export function AuditTable({ entries, search, now }: AuditRows) {
  return (
    <Table
      class="cards"
      rows={entries}
      columns={[
        { head: 'When', cell: ({ at }) => <Age time={at} now={now} /> },
        {
          head: 'Who',
          cell: (entry) => <a href={auditAddress({ ...search, actor: entry.actor })}>{actorWords(entry)}</a>,
        },
        { head: 'What', cell: (entry) => <What entry={entry} search={search} /> },
        { head: 'From', cell: ({ address }) => <a href={auditAddress({ ...search, address })}>{address}</a> },
        { head: 'Outcome', cell: (entry) => <Outcome entry={entry} /> },
      ]}
    />
  );
}

/** What was done, and to what. */
function What({ entry, search }: { entry: AuditEntry; search: Partial<AuditSearch> }) {
  const { act, what } = entryWords(entry);
  const path = auditedPath(entry);
  return (
    <span>
      <a class="quiet" href={auditAddress({ ...search, action: entry.action })} title={entry.action}>
        {act}
      </a>{' '}
      {path === undefined ? what : <a href={path}>{what}</a>}
    </span>
  );
}

const colours: { readonly [O in AuditOutcome]: string } = {
  ...{ done: 'success', open: 'queued', refused: 'cancelled', failed: 'failure' },
};

function Outcome({ entry: { outcome, status, error } }: { entry: AuditEntry }) {
  return (
    <>
      <span class={`status ${colours[outcome]}`} title={`HTTP status ${status}`}>
        {outcomeWords[outcome]}
      </span>
      {error !== null && <span class="by"> {error}</span>}
    </>
  );
}
