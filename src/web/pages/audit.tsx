import type { Context } from 'hono';
import type { AuditEntry, AuditOutcome } from '../../kernel/model/access-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { listActions } from '../../record/audit.ts';
import { type NamedTarget, targetsOf } from '../../record/audit-targets.ts';
import { listTokens, type NamedToken } from '../../record/tokens.ts';
import type { WebEnv } from '../access/env.ts';
import { requireRole } from '../access/rights.ts';
import { toSignIn } from '../access/to-sign-in.ts';
import type { Web } from '../services.ts';
import { actionWords } from './audit-words.ts';
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
  const text = (name: string) => context.req.query(name)?.slice(0, 64) || undefined;
  const filter = { actor: text('actor'), action: text('action') };
  const before = Number(context.req.query('before')) || undefined;
  const [entries, tokens] = await Promise.all([
    listActions(web.database, { ...filter, before, limit: pageSize + 1 }),
    listTokens(web.database),
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
        <PageHead title="Audit log" />
        <Entries
          entries={shown}
          isFiltered={before !== undefined || filter.actor !== undefined || filter.action !== undefined}
          targets={await targetsOf(web.database, shown)}
          now={now}
        />
        <nav class="pages" aria-label="Pages">
          {(before || filter.actor || filter.action) && <a href="/audit">All entries</a>}
          {older && <a href={addressOf({ ...filter, before: String(older) })}>Older</a>}
        </nav>
        <h2>Access tokens</h2>
        <Tokens tokens={tokens} now={now} />
      </>
    ),
  });
}

interface Listed {
  entries: AuditEntry[];
  isFiltered: boolean;
  /** what entries are about, by their ids */
  targets: ReadonlyMap<number, NamedTarget>;
  now: number;
}

function Entries({ entries, isFiltered, targets, now }: Listed) {
  if (entries.length === 0 && isFiltered) return <p class="empty">No entries match.</p>;
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
        { head: 'Who', cell: ({ actor }) => <a href={addressOf({ actor })}>{actor}</a> },
        { head: 'From', cell: ({ address }) => address },
        {
          head: 'Action',
          cell: ({ action }) => (
            <a href={addressOf({ action })} title={action}>
              {actionWords(action)}
            </a>
          ),
        },
        { head: 'Target', cell: (entry) => <Target entry={entry} named={targets.get(entry.id)} /> },
        { head: 'Outcome', cell: (entry) => <Outcome entry={entry} /> },
      ]}
    />
  );
}

function Target({ entry: { target }, named }: { entry: AuditEntry; named: NamedTarget | undefined }) {
  if (named) return <a href={named.path}>{named.name}</a>;
  return <>{target || '–'}</>;
}

const outcomes: { readonly [O in AuditOutcome]: { word: string; colour: string } } = {
  done: { word: 'done', colour: 'success' },
  open: { word: 'not done yet', colour: 'queued' },
  refused: { word: 'refused', colour: 'cancelled' },
  failed: { word: 'failed', colour: 'failure' },
};

function Outcome({ entry: { outcome, status, error } }: { entry: AuditEntry }) {
  const { word, colour } = outcomes[outcome];
  return (
    <>
      <span class={`status ${colour}`} title={`HTTP status ${status}`}>
        {word}
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

function addressOf(query: { [name: string]: string | undefined }): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, value);
  return `/audit?${parameters}`;
}
