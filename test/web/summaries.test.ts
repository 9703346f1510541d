import { expect } from 'chai';
import { type Build, type BuildId, newStep } from '../../src/kernel/model.ts';
import { Summaries } from '../../src/web/summaries/summaries.ts';
import { until } from '../support/until.ts';

describe('web: summaries of steps', () => {
  const open: Summaries[] = [];
  afterEach(async () => {
    for (const summaries of open.splice(0)) await summaries.close();
  });

  function started(): Summaries {
    const summaries = new Summaries();
    open.push(summaries);
    return summaries;
  }

  /** A build of so many jobs, each with one step for each text. */
  const buildOf = (jobs: string[][]): Build => {
    const list = jobs.map((texts, index) => ({
      id: `7-${index + 1}`,
      steps: texts.map((summary) => ({ ...newStep('s'), summary })),
    }));
    return { id: '7' as BuildId, repo: 'app', jobs: list } as unknown as Build;
  };

  async function settled(summaries: Summaries, build: Build, text: string, first?: string) {
    let shown: Awaited<ReturnType<Summaries['of']>> | undefined;
    await until('the summary is formatted, or it is known that it will not be', async () => {
      shown = await summaries.of(build, first);
      const found = shown(text);
      return 'html' in found || !found.why?.includes('being');
    });
    if (!shown) throw new Error('nothing is shown');
    return shown;
  }

  it('are formatted', async () => {
    const shown = await settled(started(), buildOf([['# One']]), '# One');
    expect(shown('# One')).to.deep.equal({ html: '<h3>One</h3>\n' });
    expect(shown('unknown')).to.deep.equal({ text: '', why: undefined });
  });

  it('that take too long to format are shown as text, without delaying the page', async () => {
    const slow = 'http://a.b/('.repeat(5461);
    const texts = Array.from({ length: 4 }, (_, index) => `${slow}${index}`);
    const build = buildOf([texts, ['fine']]);
    const summaries = started();
    const shown = await settled(summaries, build, 'fine', '7-2');
    expect(shown('fine')).to.deep.equal({ html: '<p>fine</p>\n' });
    await settled(summaries, build, texts[3] as string);
    const before = process.cpuUsage();
    const again = await summaries.of(build, undefined);
    const { user, system } = process.cpuUsage(before);
    for (const text of texts)
      expect(again(text))
        .to.have.property('why')
        .match(/not formatted: it (took longer|comes to more)/);
    // it is known, so it is looked up alone
    expect((user + system) / 1000).to.be.lessThan(100);
  });

  it('have a limit for each page, and those of the chosen job come first', async () => {
    const list = Array.from({ length: 12 }, (_, index) => [`job ${index}\n\n${'- an item\n'.repeat(4000)}`]);
    const summaries = started();
    const [last = ''] = list.at(-1) ?? [];
    const shown = await settled(summaries, buildOf(list), last, '7-12');
    await until('the page is full', async () => {
      const now = await summaries.of(buildOf(list), '7-12');
      return list.filter(([text = '']) => 'html' in now(text)).length > 1;
    });
    const now = await summaries.of(buildOf(list), '7-12');
    expect(shown(last)).to.have.property('html');
    const markup = list
      .map(([text = '']) => now(text))
      .reduce((sum, one) => sum + ('html' in one ? one.html : one.text).length, 0);
    expect(markup).to.be.lessThan(262_145);
    expect(now(list[10]?.[0] ?? ''))
      .to.have.property('why')
      .match(/too many summaries|being formatted/);
  });
});
