import type { Context } from 'hono';
import type { NoticeTarget } from '../../../kernel/model/notice-shapes.ts';
import { heardText } from '../../../kernel/notices.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import type { WebEnv } from '../../access/env.ts';
import { requesterOf } from '../../access/requester.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { managedTargets } from '../../requests/managed-targets.ts';
import type { Web } from '../../services.ts';
import { CommandLine } from '../command.tsx';
import type { FormState } from '../fields/form-fields.ts';
import { answerPage } from '../layout.tsx';
import { Nothing } from '../nothing.tsx';
import { PageHead } from '../page-head.tsx';
import { Table } from '../table.tsx';
import { Words } from '../words.tsx';
import { loggedNotices, NoticeLog } from './log.tsx';
import { type TargetFields, TargetForm } from './target-form.tsx';

/** What a form has led to. */
export interface NoticesPageState {
  /** the form of a new target that was refused */
  form?: FormState<keyof TargetFields>;
  /** a target that was made, and its secret if Volt has made one */
  made?: { name: string; secret: string | null };
}

/** `/notices`: who hears of broken branches, what was sent, and the form that adds a target. */
export async function noticesPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'own', 'reading the targets of notices');
  return answerNotices(context, web);
}

export async function answerNotices(
  context: Context<WebEnv>,
  web: Web,
  { form = {}, made }: NoticesPageState = {},
): Promise<Response> {
  const targets = await managedTargets(web, requesterOf(context));
  const log = await loggedNotices(context, web, targets);
  return answerPage(context, web, {
    title: 'Notices',
    section: 'notices',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title="Notices" about="Who hears when a branch breaks, and when it works again.">
            {targets.length > 0 && (
              <a class="button" href="#add">
                Add a target
              </a>
            )}
          </PageHead>
          {made && <Made {...made} />}
          <Targets targets={targets} />
        </section>
        {targets.length > 0 && (
          <section id="log" data-live="">
            <h2>Log</h2>
            <NoticeLog log={log} path="/notices" now={serverNow()} />
          </section>
        )}
        <section id="add">
          <h2>Add a target</h2>
          <TargetForm state={form} />
        </section>
      </>
    ),
  });
}

function Made({ name, secret }: { name: string; secret: string | null }) {
  return (
    <div class="panel" role="status">
      <p>
        Added <strong>{name}</strong>.
      </p>
      {secret !== null && (
        <p>
          Its signing secret, which cannot be read again: <code>{secret}</code>
        </p>
      )}
    </div>
  );
}

function Targets({ targets }: { targets: NoticeTarget[] }) {
  if (targets.length === 0) {
    return (
      <Nothing title="Nobody hears of builds yet">
        <p>Add a target below: a chat, a webhook, or whoever broke a branch. This command does the same:</p>
        <CommandLine line="volt notify add team --kind mail --to team@example.org" />
      </Nothing>
    );
  }
  return (
    <Table
      class="cards"
      rows={targets}
      columns={[
        { head: 'Target', class: 'name', cell: ({ name }) => <a href={`/notices/${name}`}>{name}</a> },
        { head: 'Kind', class: 'short', cell: ({ kind }) => kind },
        { head: 'To', cell: ({ to }) => to },
        { head: 'Hears of', cell: heardText },
        { head: 'Waiting', class: 'number', cell: ({ waiting }) => String(waiting) },
        {
          head: 'State',
          cell: ({ problem }) =>
            problem ? (
              <span class="wrong">
                <Words text={problem.message} />
              </span>
            ) : (
              'ok'
            ),
        },
        { head: 'Actions', class: 'actions', cell: ({ name }) => <Acts name={name} /> },
      ]}
    />
  );
}

function Acts({ name }: { name: string }) {
  return (
    <div class="acts">
      <form method="post" action={`/notices/${name}/test`}>
        <button type="submit" aria-label={`Test ${name}`}>
          Test
        </button>
      </form>
      <form method="post" action={`/notices/${name}/remove`}>
        <button type="submit" class="danger" aria-label={`Remove ${name}`}>
          Remove
        </button>
      </form>
    </div>
  );
}
