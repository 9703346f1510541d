import type { Context } from 'hono';
import type { NoticeTarget } from '../../../kernel/model/notice-shapes.ts';
import { filledText, templateValues } from '../../../kernel/notice-template.ts';
import { heardText, mutedText } from '../../../kernel/notices.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { unmute } from '../../../record/notice-mutes.ts';
import type { WebEnv } from '../../access/env.ts';
import { requesterOf } from '../../access/requester.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { changeManagedTarget, managedTarget } from '../../requests/managed-targets.ts';
import type { Web } from '../../services.ts';
import type { FormState } from '../fields/form-fields.ts';
import { refusalOf, sentFields } from '../fields/sent-form.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Problems } from '../parts.tsx';
import { Table } from '../table.tsx';
import { loggedNotices, NoticeLog } from './log.tsx';
import { type OptionFields, OptionsForm, optionFields } from './options-form.tsx';
import { changeOf } from './target-request.ts';

/** `/notices/:name`: when a target hears of builds, what its notices say, and who has stopped them. */
export async function targetPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'own', 'reading the targets of notices');
  return answerTarget(context, web, await managedTarget(web, requesterOf(context), context.req.param('name') ?? ''));
}

/** Handles the form: shows it again with what is wrong. */
export async function changeTargetFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const name = context.req.param('name') ?? '';
  const fields: OptionFields = await sentFields(context, optionFields);
  const requester = requesterOf(context);
  const target = await managedTarget(web, requester, name);
  try {
    await changeManagedTarget(web, requester, name, changeOf(fields));
    return context.redirect(`/notices/${name}`, 303);
  } catch (error) {
    return answerTarget(context, web, target, { fields, refused: refusalOf(context, error) });
  }
}

/** Handles the button that ends what a recipient has stopped. */
export async function unmuteFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const { name } = await managedTarget(web, requesterOf(context), context.req.param('name') ?? '');
  const { recipient } = await context.req.parseBody();
  await unmute(web.database, { target: name, recipient: String(recipient) });
  return context.redirect(`/notices/${name}`, 303);
}

async function answerTarget(
  context: Context<WebEnv>,
  web: Web,
  target: NoticeTarget,
  { fields = fieldsOf(target), refused }: FormState<keyof OptionFields> = {},
): Promise<Response> {
  const { name, kind, to, mutes, problem } = target;
  const log = await loggedNotices(context, web, [target]);
  return answerPage(context, web, {
    title: name,
    section: 'notices',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title={name} above={[{ title: 'Notices', href: '/notices' }]} about={`${kind}: ${to}`}>
            <form method="post" action={`/notices/${name}/test`}>
              <button type="submit">Test</button>
            </form>
          </PageHead>
          <p>{ruleOf(target)}</p>
          <Problems problems={problem === null ? [] : [problem]} />
          <OptionsForm name={name} state={{ fields, refused }} />
        </section>
        <section>
          <h2>Example</h2>
          <Example fields={fields} />
        </section>
        <section id="log" data-live="">
          <h2>Log</h2>
          <NoticeLog log={log} path={`/notices/${name}`} isOfOne now={serverNow()} />
        </section>
        {kind === 'mail' && (
          <section>
            <h2>Stopped by recipients</h2>
            <Mutes name={name} mutes={mutes} />
          </section>
        )}
      </>
    ),
  });
}

/** What it hears of, and on whose role that depends. */
function ruleOf(target: NoticeTarget): string {
  const { maintainer } = target;
  const hears = `It hears of ${heardText(target)}`;
  return maintainer === null ? `${hears}.` : `${hears}, as long as ${maintainer} owns what it hears of.`;
}

function fieldsOf({ options: { quiet, digest = '', zone = '', title = '', text = '' } }: NoticeTarget): OptionFields {
  return { from: quiet?.from ?? '', to: quiet?.to ?? '', digest, zone, title, text };
}

function Example({ fields: { title = '', text = '' } }: { fields: OptionFields }) {
  const { headline = 'main of app is broken', lines = ['app#12 Sort the list by date, by Ada'] } = filledText(
    { title, text },
    templateValues,
  );
  return (
    <div class="panel">
      <p>
        <strong>{headline}</strong>
      </p>
      {lines.map((line) => (
        <p>{line}</p>
      ))}
    </div>
  );
}

function Mutes({ name, mutes }: Pick<NoticeTarget, 'name' | 'mutes'>) {
  if (mutes.length === 0) return <p class="empty">Nobody has stopped mail of this target.</p>;
  return (
    <Table
      class="cards"
      rows={mutes}
      columns={[
        { head: 'Recipient', class: 'name', cell: ({ recipient }) => recipient },
        { head: 'Gets no mail', cell: mutedText },
        {
          head: 'Actions',
          class: 'actions',
          cell: ({ recipient }) => (
            <form method="post" action={`/notices/${name}/unmute`}>
              <input type="hidden" name="recipient" value={recipient} />
              <button type="submit" aria-label={`Send all again to ${recipient}`}>
                Send all again
              </button>
            </form>
          ),
        },
      ]}
    />
  );
}
