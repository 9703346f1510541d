import { Field } from './fields/field.tsx';
import { type FormState, formFields } from './fields/form-fields.ts';
import { Refusal } from './fields/refusal.tsx';

export const appFields = ['name', 'github', 'organization', 'app', 'writes'] as const;

export type AppFields = { readonly [Name in (typeof appFields)[number]]?: string };

const usual: AppFields = { name: 'github', github: 'https://github.com', app: 'Volt CI' };

interface Shown {
  state: FormState<keyof AppFields>;
  /** whether GitHub may reach Volt, to call its webhook */
  isReachable: boolean;
}

/** The form that makes a GitHub App. */
export function AppForm({ state, isReachable }: Shown) {
  const about = { bad_name: 'name', name_taken: 'name', bad_url: 'github' } as const;
  const { field, problems } = formFields(appFields, state, about, usual);
  return (
    <form class="panel fields" method="post" action="/forges/github-app">
      <Refusal problems={problems} />
      <p>
        An App shows checks with annotations, belongs to no user, and gets tokens for one repository at a time. GitHub
        asks you to confirm, then you install it for your repositories.
      </p>
      {!isReachable && (
        <p class="faint">
          The App gets no webhook, since GitHub cannot reach this address: set <code>VOLT_URL</code> first if it should.
        </p>
      )}
      <Field label="Name in Volt" {...field('name')} required maxlength={64} />
      <Field
        label="Address of GitHub"
        {...field('github')}
        type="url"
        required
        hint="Another one for GitHub Enterprise."
      />
      <Field label="Organization" {...field('organization')} maxlength={39} hint="Empty: your own account." />
      <Field label="Name at GitHub" {...field('app')} required maxlength={34} hint="Nobody else there may have it." />
      <div class="field">
        <label class="check">
          <input name="writes" type="checkbox" value="yes" checked={field('writes').value === 'yes'} />
          Let tokens of jobs write
        </label>
        <p class="hint">Contents, pull requests, issues, deployments and packages.</p>
      </div>
      <button type="submit" class="primary">
        Make a GitHub App
      </button>
    </form>
  );
}
