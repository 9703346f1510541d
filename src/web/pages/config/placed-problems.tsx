import type { PlacedProblem } from '../../config-texts/settings-text.ts';
import { Words } from '../words.tsx';

/** The most problems that are shown. */
const most = 200;
/** The most characters of a line that are shown. */
const longestLine = 200;

/** What is wrong with a text, each problem with its line. */
export function PlacedProblems({ problems, text }: { problems: readonly PlacedProblem[]; text: string }) {
  const lines = text.split('\n');
  return (
    <section>
      <h2>Nothing can be applied yet</h2>
      <ul class="problems" role="alert">
        {problems.slice(0, most).map(({ line, column, message }) => (
          <li>
            <strong>
              Line {line}, column {column}: <Words text={message} />
            </strong>
            <code>{lines[line - 1]?.trim().slice(0, longestLine)}</code>
          </li>
        ))}
      </ul>
      {problems.length > most && <p class="faint">And {problems.length - most} more.</p>}
    </section>
  );
}
