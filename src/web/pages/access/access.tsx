import type { Context } from 'hono';
import { VoltError } from '../../../kernel/errors.ts';
import { serverNow } from '../../../kernel/server-time.ts';
import { pageOfGrants, someGrantees } from '../../../record/grant-lists.ts';
import { repositoryNames } from '../../../record/repositories.ts';
import type { WebEnv } from '../../access/env.ts';
import { requireRole } from '../../access/rights.ts';
import { toSignIn } from '../../access/to-sign-in.ts';
import { reasonsFor } from '../../requests/access-reasons.ts';
import type { Web } from '../../services.ts';
import type { FormState } from '../fields/form-fields.ts';
import { answerPage } from '../layout.tsx';
import { PageHead } from '../page-head.tsx';
import { PageLinks } from '../text-filter.tsx';
import { GrantFilter, type GrantFilterFields } from './grant-filter.tsx';
import { type GrantFields, GrantForm } from './grant-form.tsx';
import { Grants } from './grants.tsx';
import { type Asked, WhyForm } from './reasons.tsx';

const pageSize = 100;
/** The most people, and the most groups, that the browser completes. */
const mostKnown = 200;

/** `/access`: who has which role where, and the forms that give one and say why somebody has it. */
export async function accessPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  if (!context.get('signedIn')) return toSignIn(context);
  requireRole(context, 'admin', 'reading who has which role');
  return answerAccess(context, web);
}

/** @param form of a grant that was refused */
export async function answerAccess(
  context: Context<WebEnv>,
  web: Web,
  form: FormState<keyof GrantFields> = {},
): Promise<Response> {
  const reader = context.get('reader');
  const filter = filterOf(context);
  const after = context.req.query('after')?.slice(0, 500) || undefined;
  const [{ grants, next }, repos, asked, known] = await Promise.all([
    pageOfGrants(web.database, {
      who: filter.who || undefined,
      repo: filter.repo || undefined,
      after,
      limit: pageSize,
    }),
    repositoryNames(web.database, reader),
    answerTo(context, web),
    someGrantees(web.database, mostKnown),
  ]);
  const isPart = after !== undefined || filter.who !== '' || filter.repo !== '';
  const now = serverNow();
  return answerPage(context, web, {
    title: 'Access',
    section: 'access',
    confidential: true,
    content: (
      <>
        <section>
          <PageHead title="Access" about="Who may do what in which repositories, besides tokens." />
          {(grants.length > 0 || isPart) && <GrantFilter filter={filter} known={known} repos={repos} />}
          {grants.length > 0 ? (
            <Grants grants={grants} now={now} isAdmin={true} />
          ) : (
            <p class="empty">
              {isPart ? 'No roles match.' : 'No role was given yet. Whoever signs in reads what everybody may read.'}
            </p>
          )}
          <PageLinks action="/access" filter={filter} after={after} next={next} />
        </section>
        <section>
          <h2>Give a role</h2>
          <GrantForm state={form} known={known} />
        </section>
        <section id="why">
          <h2>Why may somebody do something?</h2>
          <WhyForm asked={asked} known={known.filter((who) => !who.startsWith('group:'))} repos={repos} now={now} />
        </section>
      </>
    ),
  });
}

/** What the list is narrowed to; empty for everything. */
function filterOf(context: Context<WebEnv>): GrantFilterFields {
  const { who = '', repo = '' } = context.req.query();
  return { who: who.trim().slice(0, 350), repo: repo.trim().slice(0, 64) };
}

/** The question in the address of the page, and its answer. */
async function answerTo(context: Context<WebEnv>, web: Web): Promise<Asked> {
  const { person = '', in: repo = '' } = context.req.query();
  if (person === '' || repo === '') return { person, repo };
  try {
    return { person, repo, reasons: await reasonsFor(web, context.get('reader'), { person, repo }) };
  } catch (error) {
    if (!(error instanceof VoltError) || error.httpStatus >= 500) throw error;
    return { person, repo, problem: error };
  }
}
