import type * as z from 'zod';
import { accessSentences } from '../../../kernel/access-words.ts';
import type { VoltError } from '../../../kernel/errors.ts';
import type { accessReasons } from '../../schemas/grants.ts';
import { Field } from '../fields/field.tsx';
import { Fact, Problems } from '../parts.tsx';
import { Grants } from './grants.tsx';

/** What was asked, and its answer. */
export interface Asked {
  person: string;
  repo: string;
  reasons?: z.input<typeof accessReasons>;
  problem?: VoltError;
}

/** Says why a person may do in a repository what they may. */
export function WhyForm({
  asked,
  known,
  repos,
  now,
}: {
  asked: Asked;
  known: readonly string[];
  repos: readonly string[];
  now: number;
}) {
  return (
    <>
      <form class="panel fields" method="get" action="/access#why">
        <Field label="Person" name="person" value={asked.person} required list={known} />
        <Field label="Repository" name="in" value={asked.repo} required list={repos} />
        <button type="submit">Ask</button>
      </form>
      {asked.problem && <Problems problems={[asked.problem]} />}
      {asked.reasons && <Reasons reasons={asked.reasons} now={now} />}
    </>
  );
}

function Reasons({ reasons, now }: { reasons: z.input<typeof accessReasons>; now: number }) {
  const { blocked, grants, missing } = reasons;
  const [says = '', ...others] = accessSentences(reasons);
  return (
    <div role="status">
      <p>
        <strong>{says}.</strong>
        {others.map((other) => ` ${other.charAt(0).toUpperCase()}${other.slice(1)}.`)}
      </p>
      {grants.length > 0 && <Grants grants={grants} now={now} isAdmin={false} />}
      {!blocked && missing.length > 0 && (
        <>
          <p>What further roles would allow:</p>
          <dl class="facts">
            {missing.map(({ role, allows }) => (
              <Fact name={role}>{allows}</Fact>
            ))}
          </dl>
        </>
      )}
    </div>
  );
}
