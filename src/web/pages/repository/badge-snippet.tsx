import { CopyButton } from '../parts.tsx';

/** The badge of a repository, and the Markdown that puts it on another page. @param address of Volt, without a slash at its end */
export function BadgeSnippet({ repo, address }: { repo: string; address: string }) {
  const markdown = `[![Volt](${address}/badge/${repo}.svg)](${address}/repos/${repo})`;
  return (
    <section id="badge">
      <h2>Badge</h2>
      <p>
        <img src={`/badge/${repo}.svg`} alt={`Status of ${repo}`} />{' '}
        <span class="faint">
          shows the default branch; add <code>?branch=NAME</code> for another
        </span>
      </p>
      <p class="snippet">
        <code>{markdown}</code> <CopyButton text={markdown} what="Markdown of the badge" />
      </p>
    </section>
  );
}
