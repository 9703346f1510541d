import type { Context } from 'hono';
import type { WebEnv } from '../access/env.ts';
import type { Web } from '../services.ts';
import { answerPage } from './layout.tsx';
import { PageHead } from './page-head.tsx';

interface Group {
  title: string;
  keys: readonly [keys: string, meaning: string][];
}

/** The keys of client/shell/shortcuts.ts. Keys of a pair are pressed one after the other. */
const groups: readonly Group[] = [
  {
    title: 'Everywhere',
    keys: [
      ['/', 'search, or open a page'],
      ['Ctrl+K', 'the same, in a field, too'],
      ['?', 'this list'],
      ['g s', 'Start'],
      ['g b', 'Builds'],
      ['g r', 'Repositories'],
      ['g u', 'Runners'],
    ],
  },
  {
    title: 'In a list',
    keys: [
      ['j', 'next row'],
      ['k', 'previous row'],
      ['Enter', 'open the row'],
    ],
  },
  {
    title: 'On the page of a build',
    keys: [
      ['j', 'next job'],
      ['k', 'previous job'],
      ['n', 'next failed job'],
      ['p', 'previous failed job'],
    ],
  },
];

/** `/shortcuts`: the keys that pages know. */
export function shortcutsPage(context: Context<WebEnv>, web: Web): Promise<Response> {
  return answerPage(context, web, {
    title: 'Keyboard shortcuts',
    section: 'shortcuts',
    content: (
      <>
        <PageHead title="Keyboard shortcuts" />
        <div id="shortcuts">
          <div class="shortcuts">
            {groups.map(({ title, keys }) => (
              <section>
                <h2>{title}</h2>
                <dl>
                  {keys.map(([key, meaning]) => (
                    <div>
                      <dt>
                        {key.split(' ').map((one) => (
                          <kbd>{one}</kbd>
                        ))}
                      </dt>
                      <dd>{meaning}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
          </div>
          <p hidden>
            <label>
              <input id="single-keys" type="checkbox" /> Single keys work, such as <kbd>j</kbd> and <kbd>/</kbd>. In
              this browser only.
            </label>
          </p>
        </div>
      </>
    ),
  });
}
