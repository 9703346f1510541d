import type { Child } from 'hono/jsx';

/** A page above this one. */
export interface Crumb {
  title: string;
  href: string;
}

/** Links to the pages above this one. @param here a short name of this one, where the title is something else */
export function Crumbs({ above, here }: { above: readonly Crumb[]; here?: string }) {
  return (
    <nav class="crumbs" aria-label="Breadcrumbs">
      <ol>
        {above.map(({ title, href }) => (
          <li>
            <a href={href}>{title}</a>
          </li>
        ))}
        {here !== undefined && <li aria-current="page">{here}</li>}
      </ol>
    </nav>
  );
}

interface Head {
  title: Child;
  /** the pages above this one */
  above?: readonly Crumb[];
  /** a sentence below the title */
  about?: Child;
  /** what can be done, beside the title; at most one button is `primary` */
  children?: Child;
}

/** The head of a page: where it is, its title, and what can be done there. */
export function PageHead({ title, above, about, children }: Head) {
  return (
    <div class="page-head">
      {above && <Crumbs above={above} />}
      <div>
        <h1>{title}</h1>
        {children && <div class="acts">{children}</div>}
      </div>
      {about && <p>{about}</p>}
    </div>
  );
}
