import type { Context } from 'hono';
import { type AuditOutcome, entryWords, outcomeWords } from '../../kernel/audit-words.ts';
import type { AuditEntry } from '../../kernel/model/access-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { listActions } from '../../record/audit-search.ts';
import { auditedPath } from '../../record/audit-targets.ts';
import { repositoryNames } from '../../record/repositories.ts';
import { listTokens, type NamedToken } from '../../record/tokens.ts';
import { administrator } from '../../record/visibility.ts';
import type { WebEnv } from '../access/env.ts';
import { requireRole } from '../access/rights.ts';
import { toSignIn } from '../access/to-sign-in.ts';
import type { Web } from '../services.ts';
import {
  AuditFilters,
  type AuditSearch,
  auditAddress,
  auditFilterOf,
  auditSearchOf,
  exportAddress,
  isNarrowed,
} from './audit-search.tsx';
import { CommandLine } from './command.tsx';
import { answerPage } from './layout.tsx';
import { Nothing } from './nothing.tsx';
import { PageHead } from './page-head.tsx';
import { Age } from './parts.tsx';
import { Table } from './table.tsx';

const pageSize = 100;

/** `/audit`: who did what, and the access tokens. */
export async function auditPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'the audit log');
  const search = auditSearchOf(context);
  const filter = auditFilterOf(search);
  const before = Number(context.req.query('before')) || undefined;
  const [entries, tokens, repositories] = await Promise.all([
    listActions(web.database, { ...filter, before, limit: pageSize + 1 }),
    listTokens(web.database),
    repositoryNames(web.database, administrator),
  ]);
  const shown = entries.slice(0, pageSize);
  const older = entries.length > pageSize ? shown.at(-1)?.id : undefined;
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Audit log',
    section: 'audit',
    confidential: true,
    content: (
      <>
        <PageHead title="Audit log" about="Who changed what, and who tried to sign in.">
          <a class="button" href={exportAddress(search, filter)} title="All entries of this list as JSON lines">
            Export
          </a>
        </PageHead>
        <AuditFilters search={search} repositories={repositories} />
        <div id="entries" data-live="">
          <Entries entries={shown} search={search} isPart={before !== undefined || isNarrowed(search)} now={now} />
          <nav class="pages" aria-label="Pages">
            {before && <a href={auditAddress(search)}>Newest</a>}
            {older && <a href={auditAddress(search, { before: String(older) })}>Older</a>}
          </nav>
        </div>
        <h2>Access tokens</h2>
        <Tokens tokens={tokens} now={now} />
      </>
    ),
  });
}

interface Listed {
  entries: AuditEntry[];
  search: AuditSearch;
  /** whether there may be other entries */
  isPart: boolean;
  now: number;
}

function Entries({ entries, search, isPart, now }: Listed) {
  if (entries.length === 0 && isPart) return <p class="empty">No entries match.</p>;
  if (entries.length === 0) {
    return (
      <Nothing title="Nothing was changed yet">
        <p>
          This page lists who changed what: who cancelled a build or added a repository, and all attempts to sign in.
        </p>
      </Nothing>
    );
  }
  return (
    <Table
      class="cards"
      rows={entries}
      columns={[
        { head: 'When', cell: ({ at }) => <Age time={at} now={now} /> },
        { head: 'Who', cell: ({ actor }) => <a href={auditAddress({ ...search, actor })}>{actor}</a> },
        { head: 'What', cell: (entry) => <What entry={entry} search={search} /> },
        { head: 'From', cell: ({ address }) => <a href={auditAddress({ ...search, address })}>{address}</a> },
        { head: 'Outcome', cell: (entry) => <Outcome entry={entry} /> },
      ]}
    />
  );
}

/** What was done, and to what. */
function What({ entry, search }: { entry: AuditEntry; search: AuditSearch }) {
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

function Tokens({ tokens, now }: { tokens: NamedToken[]; now: number }) {
  if (tokens.length === 0) {
    return (
      <Nothing title="There is only the admin token">
        <p>Give each person and program a token of their own:</p>
        <CommandLine line="volt token add NAME --role run" />
      </Nothing>
    );
  }
  return (
    <Table
      class="cards"
      rows={tokens}
      columns={[
        { head: 'Token', class: 'name', cell: ({ name }) => name },
        { head: 'Role', cell: ({ role }) => role },
        {
          head: 'Repositories',
          cell: ({ repos }) => (repos === null ? 'all that are not private' : repos.join(', ') || 'none'),
        },
        { head: 'Person', cell: ({ person }) => person },
        { head: 'Created', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
        { head: 'By', cell: ({ createdBy }) => createdBy },
        { head: 'Last used', cell: ({ lastUsedAt }) => (lastUsedAt ? <Age time={lastUsedAt} now={now} /> : 'never') },
      ]}
    />
  );
}
