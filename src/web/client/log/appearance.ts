import { applyWrap, isFullScreen, isWrapped, setFullScreen, toggleWrap } from './switches.ts';
import { press, type Tools } from './tools.ts';

interface Options {
  /** the element with the lines */
  scroller: HTMLElement;
  tools: Pick<Tools, 'times' | 'wrap' | 'fullScreen'>;
  /** shows or hides the times of lines. @returns whether they are shown now */
  toggleTimes(): boolean;
  /** is called when lines may have other heights */
  changed(): void;
}

/** The switches for how a log looks: with times, wrapped, alone in the window. */
export class Appearance {
  readonly #tools: Options['tools'];

  constructor({ scroller, tools, toggleTimes, changed }: Options) {
    this.#tools = tools;
    const { times, wrap, fullScreen } = tools;
    applyWrap(scroller);
    press(times, false);
    times.addEventListener('click', () => {
      press(times, toggleTimes());
      changed();
    });
    press(wrap, isWrapped(scroller));
    wrap.addEventListener('click', () => {
      toggleWrap(scroller);
      press(wrap, isWrapped(scroller));
      changed();
    });
    press(fullScreen, isFullScreen());
    fullScreen.addEventListener('click', () => this.toggleFullScreen());
  }

  toggleFullScreen(): void {
    setFullScreen(!isFullScreen());
    press(this.#tools.fullScreen, isFullScreen());
  }
}
