import type { Child } from 'hono/jsx';
import type { ApprovalMaterial } from '../../record/build-approvals.ts';

interface Shown {
  material: ApprovalMaterial;
  open: boolean;
  /** the buttons, which come after what a person should have seen */
  children?: Child;
}

/** What a pull request changes of what decides how it runs, for the person who is to approve it. */
export function Material({ material: { digest, files, more }, open, children }: Shown) {
  return (
    <details id="approval" class="changes" open={open}>
      <summary>
        <h2>{open ? 'What is to be approved' : 'What was to be approved'}</h2>
      </summary>
      <p>
        {files.length === 0
          ? 'No workflow, action or .volt.yml differs from the base branch. The code that they run may differ.'
          : 'The workflows, actions and settings that differ from the base branch. The code that they run may differ, too.'}
      </p>
      {files.map(({ path, status, diff }) => (
        <section>
          <h3>
            <code>{path}</code> {status}
          </h3>
          {diff === null ? (
            <p>The difference cannot be shown: look at the commit.</p>
          ) : (
            diff !== '' && <pre>{diff}</pre>
          )}
        </section>
      ))}
      {more > 0 && <p>{more} more files differ, which are not shown: look at the commit.</p>}
      <p class="faint">
        Digest of the commits and these changes: <code>{digest}</code>
      </p>
      <div id="decide" data-live="">
        {children}
      </div>
    </details>
  );
}
