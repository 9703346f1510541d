import { countText, forgesToCheck } from '../../config/difference-lines.ts';
import type { ConfigApplied } from '../../schemas/config.ts';
import { CopyButton } from '../parts.tsx';
import { Changes, Rest } from './difference.tsx';

/** What was changed, and what a person has to know and to do then. */
export function Applied({ applied }: { applied: ConfigApplied }) {
  const { changes, made } = applied;
  if (changes.length === 0) return <p role="status">Nothing to apply: Volt was as the text says.</p>;
  return (
    <section>
      <h2>Applied</h2>
      <p role="status">{countText(changes)}.</p>
      {made.map(({ path, secret }) => (
        <p>
          The secret of {path.join('/')}, which cannot be read again: <code>{secret}</code>{' '}
          <CopyButton text={secret} what="secret" />
        </p>
      ))}
      {forgesToCheck(changes).map((name) => (
        <p>
          Volt sends statuses to {name} once it is checked: <a href="/forges">Forges</a>.
        </p>
      ))}
      <Changes changes={changes} />
      <Rest {...applied} />
    </section>
  );
}
