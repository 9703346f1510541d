/** A view of what a page is about. */
export interface Tab {
  /** one or two words with a capital, such as `Timeline` */
  title: string;
  href: string;
  current: boolean;
  /** how much the view has to show */
  count?: number | undefined;
}

interface Shown {
  /** what the tabs choose, for those who hear the page */
  label: string;
  tabs: readonly Tab[];
  /** id of the tabs, where they change while the page is open */
  live?: string;
  /** id of the part of the page that a tab changes; the rest of the page stays, see client/live.ts */
  swap?: string;
  hidden?: boolean;
  /** whether they choose within a view that other tabs have chosen */
  inner?: boolean;
}

/** Links to the views of a page. Every page switches between views by these. */
export function Tabs({ label, tabs, live, swap, hidden, inner = false }: Shown) {
  return (
    <nav
      class={inner ? 'tabs inner' : 'tabs'}
      aria-label={label}
      id={live}
      data-live={live === undefined ? undefined : ''}
      hidden={hidden}
    >
      {tabs.map(({ title, href, current, count }) => (
        <a href={href} data-swap={swap} aria-current={current ? 'page' : undefined}>
          {title}
          {count !== undefined && <span class="count">{count}</span>}
        </a>
      ))}
    </nav>
  );
}
