import type { Context } from 'hono';
import type { Child } from 'hono/jsx';
import { counted } from '../../../kernel/counted.ts';
import { VoltError } from '../../../kernel/errors.ts';
import { type BuildId, type BuildSummary, parseBuildId } from '../../../kernel/model.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { parseSince } from '../../../kernel/since.ts';
import { type ChosenBuilds, mostAtOnce } from '../../../record/many-builds.ts';
import type { WebEnv } from '../../access/env.ts';
import { requesterOf } from '../../access/requester.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { cancelQueued, chooseErrors, chooseQueued, manyText, retryErrors } from '../../requests/many-builds.ts';
import type { Web } from '../../services.ts';
import { addressOfBuilds } from '../build-filter.ts';
import { Field } from '../fields/field.tsx';
import { answerPage } from '../layout.tsx';
import { type Crumb, PageHead } from '../page-head.tsx';
import { Age, BuildMark, CommitId } from '../parts.tsx';
import { refText } from '../sentences.ts';
import { Table } from '../table.tsx';
import { Words } from '../words.tsx';

/** How long ago the oldest error is that the page offers to retry. */
const usualSince = '24h';

/** `/builds/cancel-queued`: which builds of a branch would be cancelled, and the button that does it. */
export async function cancelQueuedPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'run', 'cancelling builds');
  const of = branchIn(context.req.query());
  const chosen = await chooseQueued(web, requesterOf(context), of);
  const back = addressOfBuilds(of.repo, { branch: [of.branch] });
  return answerMany(context, web, {
    title: `Cancel what is queued of ${of.branch}`,
    above: [
      { title: 'Builds', href: '/builds' },
      { title: of.repo, href: addressOfBuilds(of.repo) },
    ],
    about: 'Builds that a job has begun go on.',
    chosen,
    none: 'No build of this branch is queued.',
    back,
    action: '/builds/cancel-queued',
    fields: { ...of },
    button: (count) => (
      <button type="submit" class="danger">
        Cancel {count}
      </button>
    ),
  });
}

/** Handles the button. */
export async function cancelQueuedFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const body = await context.req.parseBody({ all: true });
  const of = branchIn(body);
  await act(context, (only) => cancelQueued(web, requesterOf(context), of, only), body.build);
  return context.redirect(addressOfBuilds(of.repo, { branch: [of.branch] }), 303);
}

/** `/builds/retry-errors`: which builds have ended in an error, and the button that runs them again. */
export async function retryErrorsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'run', 'retrying builds');
  const { repo = '', since = usualSince } = context.req.query();
  const at = parseSince(since, serverNow());
  const chosen =
    at === undefined
      ? { builds: [], total: 0 }
      : await chooseErrors(web, requesterOf(context), { since: at, repo: repo || undefined });
  return answerMany(context, web, {
    title: repo === '' ? 'Retry builds that ended in an error' : `Retry builds of ${repo} that ended in an error`,
    above: [
      { title: 'Builds', href: '/builds' },
      ...(repo === '' ? [] : [{ title: repo, href: addressOfBuilds(repo) }]),
    ],
    about: 'An error is not the fault of the commit. The jobs that did not succeed run again, and what needs them.',
    filter: (
      <form class="since" method="get" action="/builds/retry-errors">
        {repo !== '' && <input type="hidden" name="repo" value={repo} />}
        <Field
          label="Ended since"
          name="since"
          value={since.slice(0, 50)}
          hint="Such as 30m, 2h, 7d or 2026-01-31."
          problem={at === undefined ? 'Give a time such as 2h.' : undefined}
          list={['1h', '6h', '24h', '7d']}
        >
          <button type="submit">Show</button>
        </Field>
      </form>
    ),
    chosen,
    none: at === undefined ? '' : 'No build has ended in an error since then.',
    back: repo === '' ? '/builds' : addressOfBuilds(repo),
    action: '/builds/retry-errors',
    // the same time as the list, however long a person looks at it
    fields: { ...(repo !== '' && { repo }), since: new Date(at ?? 0).toISOString() },
    button: (count) => (
      <button type="submit" class="primary">
        Retry {count}
      </button>
    ),
  });
}

/** Handles the button. */
export async function retryErrorsFromPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  const body = await context.req.parseBody({ all: true });
  const repo = typeof body.repo === 'string' && body.repo !== '' ? body.repo : undefined;
  const since = parseSince(typeof body.since === 'string' ? body.since : '', serverNow());
  if (since === undefined)
    throw new VoltError('bad_request', 'the time is not valid', { remedy: 'Give a time such as 2h.' });
  await act(context, (only) => retryErrors(web, requesterOf(context), { since, repo }, only), body.build);
  return context.redirect(repo === undefined ? '/builds' : addressOfBuilds(repo), 303);
}

interface Many {
  title: string;
  above: Crumb[];
  about: string;
  filter?: Child;
  chosen: ChosenBuilds;
  /** what is said where there is none */
  none: string;
  /** where a person goes who changes their mind */
  back: string;
  action: string;
  fields: { [name: string]: string };
  /** @param count as text: `3 builds` */
  button(count: string): Child;
}

function answerMany(context: Context<WebEnv>, web: Web, many: Many): Promise<Response> {
  const { title, above, about, filter, chosen, none, back, action, fields, button } = many;
  const { builds, total } = chosen;
  return answerPage(context, web, {
    title,
    section: 'builds',
    confidential: true,
    content: (
      <article>
        <PageHead title={title} above={above} about={about} />
        {filter}
        {builds.length === 0 ? (
          <p class="empty">{none}</p>
        ) : (
          <form class="many" method="post" action={action}>
            {Object.entries(fields).map(([name, value]) => (
              <input type="hidden" name={name} value={value} />
            ))}
            {total > builds.length && (
              <p>
                These are the newest {builds.length} of {total}: at most {mostAtOnce} at a time. Come back for the rest.
              </p>
            )}
            <div class="acts">
              {button(counted(builds.length, 'build'))}
              <a class="button" href={back}>
                Back
              </a>
            </div>
            <Chosen builds={builds} />
          </form>
        )}
      </article>
    ),
  });
}

function Chosen({ builds }: { builds: BuildSummary[] }) {
  const now = serverNow();
  return (
    <Table
      class="cards"
      rows={builds}
      columns={[
        {
          head: 'Status',
          label: false,
          cell: (build) => (
            <>
              <input type="hidden" name="build" value={build.id} />
              <BuildMark build={build} />
            </>
          ),
        },
        {
          head: 'Build',
          class: 'name',
          label: false,
          cell: (build) => (
            <>
              <a href={`/builds/${build.id}`}>
                {build.repo}#{build.number}
              </a>
              <span class="branch">{refText(build)}</span>
            </>
          ),
        },
        {
          head: 'Commit',
          class: 'commit',
          label: false,
          cell: ({ sha, commitUrl, subject, message }) => (
            <>
              <span class="subject">
                <CommitId sha={sha} at={commitUrl} /> {subject}
              </span>
              {message !== null && (
                <span class="by">
                  <Words text={message} />
                </span>
              )}
            </>
          ),
        },
        { head: 'Age', class: 'number', cell: ({ createdAt }) => <Age time={createdAt} now={now} /> },
      ]}
    />
  );
}

/**
 * Acts on the builds that a person has seen, and names them in the audit log. It may be that nothing is left to do, since the page
 * was shown before; the page that follows shows the present state.
 */
async function act(
  context: Context<WebEnv>,
  ask: (only: BuildId[]) => Promise<Parameters<typeof manyText>[0]>,
  given: unknown,
): Promise<void> {
  // a page lists no more
  const named = [given].flat().slice(0, mostAtOnce);
  const only = named.flatMap((text) => parseBuildId(String(text)) ?? []);
  try {
    context.set('target', manyText(await ask(only)));
  } catch (error) {
    if (!(error instanceof VoltError) || error.code !== 'conflict') throw error;
  }
}

function branchIn({ repo, branch }: { [name: string]: unknown }): { repo: string; branch: string } {
  if (typeof repo === 'string' && typeof branch === 'string' && branch !== '') return { repo, branch };
  throw new VoltError('bad_request', 'the request names no branch', { remedy: 'Begin on the page of a repository.' });
}
