import type { Context } from 'hono';
import { forgeKinds } from '../../kernel/forge-kinds.ts';
import type { Forge } from '../../kernel/model/forge-shapes.ts';
import { serverNow } from '../../kernel/server-time.ts';
import { listForges } from '../../record/forges.ts';
import type { WebEnv } from '../access/env.ts';
import { requireRole } from '../access/rights.ts';
import { toSignIn } from '../access/to-sign-in.ts';
import { isElsewhere } from '../http/hosts.ts';
import { checkForge } from '../requests/check-forge.ts';
import type { Web } from '../services.ts';
import { CommandLine } from './command.tsx';
import type { FormState } from './fields/form-fields.ts';
import { type AppFields, AppForm } from './github-app-form.tsx';
import { answerPage } from './layout.tsx';
import { Nothing } from './nothing.tsx';
import { PageHead } from './page-head.tsx';
import { Age } from './parts.tsx';
import { Table } from './table.tsx';
import { Words } from './words.tsx';

/** `/forges`: where statuses and checks go, and the form that makes a GitHub App. */
export async function forgesPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading the forges');
  return answerForges(context, web);
}

/** @param form of a GitHub App that was refused */
export async function answerForges(
  context: Context<WebEnv>,
  web: Web,
  form: FormState<keyof AppFields> = {},
): Promise<Response> {
  const forges = await listForges(web.database);
  return answerPage(context, web, {
    title: 'Forges',
    section: 'forges',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title="Forges" about="Where builds are shown beside their commits, as statuses or checks." />
          <Forges forges={forges} now={serverNow()} />
        </section>
        <section>
          <h2>Make a GitHub App</h2>
          <AppForm state={form} isReachable={isElsewhere(web.hosts.url)} />
        </section>
      </>
    ),
  });
}

/** Handles the button that checks a forge. */
export async function checkForgeFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  await checkForge(web, context.req.param('name') ?? '');
  return context.redirect('/forges', 303);
}

function Forges({ forges, now }: { forges: Forge[]; now: number }) {
  if (forges.length === 0) {
    return (
      <Nothing title="Builds are not shown at a forge yet">
        <p>
          GitHub, GitLab and others can show each build beside its commit. Make a GitHub App below, or add an access
          token of the forge:
        </p>
        <CommandLine line="volt forge add github --kind github --token-file FILE" />
      </Nothing>
    );
  }
  return (
    <Table
      class="cards"
      rows={forges}
      columns={[
        { head: 'Forge', class: 'name', cell: ({ name }) => name },
        { head: 'Kind', cell: (forge) => <Kind forge={forge} /> },
        { head: 'Repositories', cell: ({ repos }) => repos.join(', ') || 'all at its host' },
        { head: 'Waiting', class: 'number', cell: ({ waiting }) => String(waiting) },
        { head: 'State', cell: (forge) => <State forge={forge} now={now} /> },
        {
          head: 'Actions',
          class: 'actions',
          cell: ({ name }) => (
            <form method="post" action={`/forges/${name}/check`}>
              <button type="submit" aria-label={`Check ${name}`}>
                Check
              </button>
            </form>
          ),
        },
      ]}
    />
  );
}

function Kind({ forge: { kind, app } }: { forge: Forge }) {
  if (!app) return <>{forgeKinds[kind].title}</>;
  if (app.page === null) return <>GitHub App {app.id}</>;
  return (
    <>
      <a href={app.page}>GitHub App</a> · <a href={`${app.page}/installations/new`}>Install</a>
    </>
  );
}

function State({ forge: { checkedAt, problem }, now }: { forge: Forge; now: number }) {
  if (problem) return <Words text={problem.message} />;
  if (checkedAt === null) return <>not checked: nothing is sent</>;
  return (
    <>
      checked <Age time={checkedAt} now={now} />
    </>
  );
}
