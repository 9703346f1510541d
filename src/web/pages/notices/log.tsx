import type { Context } from 'hono';
import type { Notice, NoticeTarget } from '../../../kernel/model/notice-shapes.ts';
import { outcomeText } from '../../../kernel/notices.ts';
import { listNotices } from '../../../record/notices.ts';
import type { WebEnv } from '../../access/env.ts';
import { requesterOf } from '../../access/requester.ts';
import { readsNoticesAbout } from '../../requests/managed-targets.ts';
import type { Web } from '../../services.ts';
import { At } from '../parts.tsx';
import { Table } from '../table.tsx';

/** How many notices a page of the log shows. */
const most = 30;

interface LoggedNotices {
  notices: Notice[];
  /** whether there are newer ones */
  isPart: boolean;
  /** id of the last one, if there are older ones */
  next: string | undefined;
}

/** What was sent to some targets, newest first; `?before=` has older notices. */
export async function loggedNotices(
  context: Context<WebEnv>,
  { database }: Web,
  targets: readonly Pick<NoticeTarget, 'name'>[],
): Promise<LoggedNotices> {
  const asked = Number(context.req.query('before'));
  const before = Number.isSafeInteger(asked) && asked > 0 ? asked : undefined;
  const found = await listNotices(database, {
    ...{ limit: most + 1, of: targets.map(({ name }) => name) },
    about: readsNoticesAbout(requesterOf(context)),
    before,
  });
  const notices = found.slice(0, most);
  return { notices, isPart: before !== undefined, next: found.length > most ? notices.at(-1)?.id : undefined };
}

interface Shown {
  log: LoggedNotices;
  /** of the page that shows it */
  path: string;
  /** whether it is that of one target */
  isOfOne?: boolean;
  now: number;
}

/** What was sent, to whom and why, and what was not. */
export function NoticeLog({ log: { notices, isPart, next }, path, isOfOne = false, now }: Shown) {
  if (notices.length === 0) return <p class="empty">{isPart ? 'Nothing older.' : 'Nothing was to be sent yet.'}</p>;
  return (
    <>
      <Table
        class="cards"
        rows={notices}
        columns={[
          { head: 'When', class: 'short', cell: ({ createdAt }) => <At time={createdAt} /> },
          {
            head: 'To',
            cell: ({ target, recipient }) => (
              <>
                {isOfOne ? recipient === '' && target : <a href={`/notices/${target}`}>{target}</a>}
                {recipient !== '' && ` ${recipient}`}
              </>
            ),
          },
          { head: 'About', class: 'short', cell: (notice) => <About notice={notice} /> },
          { head: 'What', class: 'short', cell: ({ event }) => event.replaceAll('_', ' ') },
          { head: 'Outcome', cell: (notice) => outcomeText(notice, now) },
          { head: 'Why', cell: ({ why }) => why },
        ]}
      />
      {(isPart || next !== undefined) && (
        <nav class="pages" aria-label="Pages">
          {isPart && <a href={`${path}#log`}>Newest</a>}
          {next !== undefined && <a href={`${path}?before=${next}#log`}>Older</a>}
        </nav>
      )}
    </>
  );
}

function About({ notice: { about, event } }: { notice: Notice }) {
  if (about) return <a href={`/builds/${about.build}`}>{`${about.repo}#${about.number}`}</a>;
  if (event === 'audit') return <a href="/audit">the audit log</a>;
  return <>{event === 'test' ? 'a test' : 'all that is broken'}</>;
}
