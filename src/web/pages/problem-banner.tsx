import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { counted } from '../../kernel/counted.ts';
import type { Problem } from '../../kernel/problems.ts';
import type { WebEnv } from '../access/env.ts';
import { ProblemList } from './parts.tsx';
import { preferencesOf } from './preferences.ts';

/** What is wrong with Volt, until the reader puts it away: for a day, or until there is another problem. The page of the runners keeps it. */
export function ProblemBanner({ context, problems }: { context: Context<WebEnv>; problems: readonly Problem[] }) {
  const marks = problems.map(markOf);
  const { putAway } = preferencesOf(context);
  const isPutAway = marks.every((mark) => putAway.includes(mark));
  return (
    <div id="problems" class="banner" data-live="">
      {problems.length > 0 && !isPutAway && <ProblemList problems={problems} />}
      {problems.length > 0 && isPutAway && (
        <a class="faint" href="/runners">
          {counted(problems.length, 'problem')} put away
        </a>
      )}
      {problems.length > 0 && !isPutAway && <PutAway context={context} marks={marks} />}
    </div>
  );
}

function PutAway({ context, marks }: { context: Context<WebEnv>; marks: readonly string[] }) {
  const { pathname, search } = new URL(context.req.url);
  return (
    <form class="put-away" method="post" action="/preferences">
      <input type="hidden" name="next" value={pathname + search} />
      <button
        class="quiet"
        type="submit"
        name="putAway"
        value={marks.join(' ')}
        title="For a day, or until there is another problem"
      >
        Put away
      </button>
    </form>
  );
}

/** Tells problems apart, but not the numbers in their messages, which change all the time. */
function markOf({ code, message }: Problem): string {
  return createHash('sha256')
    .update(`${code} ${message.replace(/\d+/g, '')}`)
    .digest('hex')
    .slice(0, 8);
}
