import type { Context } from 'hono';
import { serverNow } from '../../kernel/server-time.ts';
import { listActions } from '../../record/audit-search.ts';
import { repositoryNames } from '../../record/repositories.ts';
import { listTokens, type NamedToken } from '../../record/tokens.ts';
import type { WebEnv } from '../access/env.ts';
import { requireRole } from '../access/rights.ts';
import { toSignIn } from '../access/to-sign-in.ts';
import type { Web } from '../services.ts';
import {
  AuditFilters,
  auditAddress,
  auditFilterOf,
  auditSearchOf,
  exportAddress,
  isNarrowed,
} from './audit-search.tsx';
import { type AuditRows, AuditTable } from './audit-table.tsx';
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
    repositoryNames(web.database, context.get('reader')),
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

/** @param isPart whether there may be other entries */
function Entries({ entries, search, isPart, now }: AuditRows & { isPart: boolean }) {
  if (entries.length > 0) return <AuditTable entries={entries} search={search} now={now} />;
  if (isPart) return <p class="empty">No entries match.</p>;
  return (
    <Nothing title="Nothing was changed yet">
      <p>This page lists who changed what: who cancelled a build or added a repository, and all attempts to sign in.</p>
    </Nothing>
  );
}

function Tokens({ tokens, now }: { tokens: NamedToken[]; now: number }) {
  if (tokens.length === 0) {
    return (
      <Nothing title="There is only the main token">
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
