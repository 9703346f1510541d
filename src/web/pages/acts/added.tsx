import type { Context } from 'hono';
import { serverNow } from '../../../kernel/server-time.ts';
import { hideCredentials } from '../../../kernel/urls.ts';
import { searchBuilds } from '../../../record/build-search.ts';
import { listCredentials } from '../../../record/credentials.ts';
import type { ObservedRepository } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import { readRepository } from '../../access/readable.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import type { Web } from '../../services.ts';
import { Field } from '../fields/field.tsx';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { Age, BuildMark, CopyButton, Problems } from '../parts.tsx';

/** Seconds after which a browser loads the page again. */
const again = 2;
/** Builds that are shown. */
const mostBuilds = 5;

type Key = Awaited<ReturnType<typeof listCredentials>>[number];

/** `/repos/:name/added`: whether Volt can fetch a repository that was added, what to do if not, and else its first builds. */
export async function addedPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'adding a repository');
  const reader = context.get('reader');
  const repository = await readRepository(web.database, reader, context.req.param('name') ?? '');
  const { name, error, observedAt } = repository;
  const builds = await searchBuilds(web.database, { reader, repos: [name] }, { limit: mostBuilds });
  const key = (await listCredentials(web.database)).find(({ repo }) => repo === name);
  const isChecking = error === null && observedAt === null;
  // a form that is being filled in is not loaded again
  if (isChecking || (error === null && builds.length === 0)) context.header('refresh', String(again));
  const now = serverNow();
  return answerPage(context, web, {
    title: titleOf(repository),
    section: 'repositories',
    confidential: true,
    content: (
      <article class="act">
        <PageHead title={titleOf(repository)} above={[{ title: 'Repositories', href: '/repos' }]}>
          {error === null && !isChecking && (
            <a class="button primary" href={`/repos/${name}`}>
              Open {name}
            </a>
          )}
        </PageHead>
        {error === null ? (
          <p role="status">{isChecking ? 'An observer is asking its server…' : foundText(repository)}</p>
        ) : (
          <Unfetched repository={repository} keyOf={key} />
        )}
        {builds.length > 0 && (
          <ul id="first-builds" class="plain" data-live="">
            {builds.map((build) => (
              <li>
                <BuildMark build={build} />{' '}
                <a href={`/builds/${build.id}`}>
                  {name}#{build.number} {build.subject}
                </a>{' '}
                <span class="faint">
                  <Age time={build.createdAt} now={now} />
                </span>
              </li>
            ))}
          </ul>
        )}
      </article>
    ),
  });
}

function titleOf({ name, error, observedAt }: ObservedRepository): string {
  if (error !== null) return `Volt cannot fetch ${name}`;
  return observedAt === null ? `Checking ${name}` : `Volt can fetch ${name}`;
}

function foundText({ url, defaultBranch, notice }: ObservedRepository): string {
  const branch = defaultBranch === null ? '' : ` Its default branch is ${defaultBranch}.`;
  return `${hideCredentials(url)} answers.${branch}${notice === null ? '' : ` Note: ${notice}.`}`;
}

/** Why it cannot be fetched, and what a person can do about it here. */
function Unfetched({ repository, keyOf }: { repository: ObservedRepository; keyOf: Key | undefined }) {
  const { name, url, host, error } = repository;
  const isHttp = /^https?:/i.test(url);
  const isSsh = host === null && !isHttp && !/^git:/i.test(url);
  return (
    <>
      {error && <Problems problems={[{ ...error, message: hideCredentials(error.message) }]} />}
      {keyOf?.publicKey && <PublicKey entry={keyOf} publicKey={keyOf.publicKey} />}
      {isHttp && (
        <form class="panel" method="post" action={`/repos/${name}/credential`}>
          <h2>Is it private?</h2>
          <Field label="User" name="user" value={keyOf?.user ?? 'git'} hint="forges take any name with a token" />
          <Field label="Token or password" name="password" value="" type="password" required />
          <button type="submit" class="primary">
            Try with this token
          </button>
        </form>
      )}
      {isSsh && !keyOf?.publicKey && (
        <form class="panel" method="post" action={`/repos/${name}/deploy-key`}>
          <h2>Is it private?</h2>
          <p>Volt makes a key pair, and shows the public key for you to add at the server.</p>
          <button type="submit" class="primary">
            Make a deploy key
          </button>
        </form>
      )}
      <div class="acts">
        <form method="post" action={`/repos/${name}/check`}>
          <button type="submit">Check again</button>
        </form>
        <a class="button danger" href={`/repos/${name}/remove`}>
          Remove
        </a>
      </div>
    </>
  );
}

function PublicKey({ entry: { repo, hostKeys }, publicKey }: { entry: Key; publicKey: string }) {
  return (
    <section class="panel">
      <h2>Add this key at the server</h2>
      <p>As a read-only deploy key of {repo}; then check again.</p>
      <p class="key">
        <code>{publicKey}</code> <CopyButton text={publicKey} what="public key" />
      </p>
      <p class="hint">
        Volt trusts only these host keys, which the server has shown. Compare them with those that its operator
        publishes:
      </p>
      <ul class="plain">
        {hostKeys.map((one) => (
          <li>
            <code>{one}</code>
          </li>
        ))}
      </ul>
    </section>
  );
}
