import { type Fields, recordIn, valueIn } from '../../records.ts';

/** What is in a package.json. */
export type Manifest = Fields;

/** Scripts that run tests; the first that is there counts. */
const testScripts = ['test', 'test:unit', 'test:ci', 'tests'];

/** What `npm init` writes only fails. */
const placeholder = /no test specified/;

/** The name of the script with which a package is tested. */
export function testScript(manifest: Manifest): string | undefined {
  const scripts = recordIn(manifest, 'scripts');
  return testScripts.find((name) => {
    const script = valueIn(scripts, name);
    return typeof script === 'string' && script.trim() !== '' && !placeholder.test(script);
  });
}
