import type * as z from 'zod';
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
        <Field label="Repository" name="repo" value={asked.repo} required list={repos} />
        <button type="submit">Ask</button>
      </form>
      {asked.problem && <Problems problems={[asked.problem]} />}
      {asked.reasons && <Reasons reasons={asked.reasons} now={now} />}
    </>
  );
}

function Reasons({ reasons, now }: { reasons: z.input<typeof accessReasons>; now: number }) {
  const { person, repo, blocked, role, grants, everybody, missing } = reasons;
  return (
    <div role="status">
      <p>
        <strong>{person}</strong>{' '}
        {blocked
          ? 'is blocked, and may do nothing.'
          : role === null
            ? `has no role in ${repo}.`
            : `has the role ${role} in ${repo}.`}{' '}
        {everybody !== null && `${everybody.charAt(0).toUpperCase()}${everybody.slice(1)}.`}
      </p>
      {grants.length > 0 && <Grants grants={grants} now={now} isAdmin={false} />}
      {missing.length > 0 && (
        <dl class="facts">
          {missing.map(({ role: one, allows }) => (
            <Fact name={`Not ${one}`}>{allows}</Fact>
          ))}
        </dl>
      )}
    </div>
  );
}
