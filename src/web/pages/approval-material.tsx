import type { ApprovalMaterial } from '../../record/build-approvals.ts';

/** What a pull request changes of what decides how it runs, for the person who is to approve it. */
export function Material({ material, open }: { material: ApprovalMaterial; open: boolean }) {
  const { digest, files, more } = material;
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
        Digest <code>{digest}</code>
      </p>
    </details>
  );
}
