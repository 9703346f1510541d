import { countText, type DifferenceLine, differenceLines } from '../../config/difference-lines.ts';
import type { ConfigApplied, ConfigDifference } from '../../schemas/config.ts';
import { Command } from '../command.tsx';
import type { GivenForm } from './given-form.ts';

/** The most lines that are shown. */
const most = 1000;

/** What would change, and the button that applies it. */
export function Difference({
  difference,
  given: { text, prune },
  sealed,
}: {
  difference: ConfigDifference;
  given: GivenForm;
  sealed: string;
}) {
  const { changes, digest } = difference;
  return (
    <section>
      <h2>What would change</h2>
      {changes.length === 0 ? <p role="status">Nothing: Volt is as this text says.</p> : <Changes changes={changes} />}
      <Rest {...difference} />
      {changes.length > 0 && (
        <form class="apply" method="post" action="/config/apply" enctype="multipart/form-data">
          <input type="hidden" name="text" value={text} />
          <input type="hidden" name="prune" value={prune ? 'on' : ''} />
          <input type="hidden" name="sealed" value={sealed} />
          <input type="hidden" name="digest" value={digest} />
          <button type="submit" class="primary">
            Apply
          </button>
          <span class="faint">{countText(changes)}, in one transaction</span>
        </form>
      )}
    </section>
  );
}

/** Entries and fields that differ, with the signs and colours of a diff. */
export function Changes({ changes }: Pick<ConfigApplied, 'changes'>) {
  const lines = differenceLines(changes);
  return (
    <>
      <pre class="setting-changes" tabindex={0}>
        <code>
          {lines.slice(0, most).map((line) => (
            <Line line={line} />
          ))}
        </code>
      </pre>
      {lines.length > most && <p class="faint">And {lines.length - most} more lines.</p>}
    </>
  );
}

function Line({ line: { act, sign, isEntry, text } }: { line: DifferenceLine }) {
  return (
    <span class={isEntry ? `${act} entry` : act}>
      {sign} {isEntry ? '' : '  '}
      {text}
      {'\n'}
    </span>
  );
}

/** What stays although the text does not have it, and which secrets somebody has to set. */
export function Rest({ kept, missing }: Pick<ConfigApplied, 'kept' | 'missing'>) {
  return (
    <>
      {kept.length > 0 && (
        <p>
          Only in Volt, and kept: <span class="faint">{namesText(kept.map((path) => path.join('/')))}</span>
        </p>
      )}
      {missing.length > 0 && (
        <ul class="plain">
          {missing.slice(0, mostNames).map(({ what, command }) => (
            <li>
              {what.charAt(0).toUpperCase()}
              {what.slice(1)} is not set: <Command line={command} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** The most names that a sentence lists. */
const mostNames = 50;

function namesText(names: readonly string[]): string {
  const more = names.length - mostNames;
  return `${names.slice(0, mostNames).join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}
