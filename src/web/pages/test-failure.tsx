import type { StackLine, TestResult } from '../../kernel/model.ts';
import { isInRepository } from '../../kernel/repository-paths.ts';
import type { FilePage } from './annotations.tsx';
import { Difference } from './difference.tsx';

type Said = Pick<TestResult, 'message' | 'details' | 'expected' | 'actual' | 'stack'>;

interface Shown {
  result: Said;
  /** what the page says above it already */
  above?: string | undefined;
  /** of the element with its details */
  id: string;
  /** file of the test; null if it is not known */
  file: string | null;
  fileOf: FilePage;
  /** address of its line in the log; undefined if the log is not there */
  log?: string | undefined;
  /** address of the results of the test in other builds */
  history?: string;
  /** see Difference */
  until: number;
}

/** What a report says of a failed test: what is wrong, what was expected, and where; the rest on request. */
export function TestFailure({ result, above, id, file, fileOf, log, history, until }: Shown) {
  const { expected, actual, stack } = result;
  const message = messageOf(result);
  const more = restOf(result);
  const source = stack.length === 0 && file !== null && isInRepository(file) ? fileOf(file, null) : undefined;
  return (
    <div class="test-failure">
      {message !== null && message !== above && (
        <p class="message" tabindex={isLong(message) ? 0 : undefined}>
          {message}
        </p>
      )}
      {expected !== null && actual !== null && <Difference expected={expected} actual={actual} until={until} />}
      {stack.length > 0 && (
        <ul class="stack" aria-label="Stack">
          {stack.map((line) => (
            <Frame line={line.text === message ? placeOf(line) : line} fileOf={fileOf} />
          ))}
        </ul>
      )}
      {(log ?? history ?? source) !== undefined && (
        <p class="test-links">
          {log !== undefined && (
            <a href={log} data-swap={log.startsWith('?') ? 'log' : undefined}>
              In the log
            </a>
          )}
          {history !== undefined && <a href={history}>History</a>}
          {source !== undefined && <a href={source}>{file}</a>}
        </p>
      )}
      {more !== null && (
        <details class="story" id={id}>
          <summary>More</summary>
          <pre tabindex={0}>{more}</pre>
        </details>
      )}
    </div>
  );
}

function Frame({ line: { text, file, line }, fileOf }: { line: StackLine; fileOf: FilePage }) {
  const href = isInRepository(file) ? fileOf(file, line) : undefined;
  return (
    <li>
      <code>{href === undefined ? text : <a href={href}>{text}</a>}</code>
    </li>
  );
}

/** A line of the stack that says nothing but the message, as Go has it, by its place alone. */
function placeOf(line: StackLine): StackLine {
  return { ...line, text: `${line.file}:${line.line}` };
}

/** Lines of a message that are shown without scrolling, as the style sheet has it. */
const mostLines = 6;

function isLong(message: string): boolean {
  return message.split('\n', mostLines + 1).length > mostLines;
}

/** What a message says beside the values, which are shown on their own. */
function messageOf({ message, expected }: Said): string | null {
  if (message === null || expected === null) return message;
  const [first = ''] = message.split(/\n\s*\n|\n[-+] (?:expected|actual)/i, 1);
  return /^(?:expected|want):|^difference\b.*:$/i.test(first) ? null : first;
}

/** The details without what is shown already. */
function restOf({ message, details, stack }: Said): string | null {
  if (details === null) return null;
  const rest = message !== null && details.startsWith(message) ? details.slice(message.length) : details;
  const isShown = (line: string) => line.trim() === '' || stack.some(({ text }) => text === line.trim());
  return rest.split('\n').every(isShown) ? null : rest.replace(/^\s*\n/, '').trimEnd();
}
