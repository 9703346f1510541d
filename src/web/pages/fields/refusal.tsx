import type { VoltError } from '../../../kernel/errors.ts';
import { ProblemList } from '../parts.tsx';

/** Why a form was refused, where it is about no field. The browser goes there, since the form may be far down the page. */
export function Refusal({ problems }: { problems: readonly VoltError[] }) {
  if (problems.length === 0) return null;
  return (
    <div role="alert" tabindex={-1} autofocus>
      <ProblemList problems={problems} />
    </div>
  );
}
