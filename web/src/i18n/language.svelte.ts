/** The language of a page: the browser's, until the reader of the page chooses another. */

import { en, type Messages } from './en.ts';
import { ko } from './ko.ts';
import { zh } from './zh.ts';

export type Language = 'en' | 'zh' | 'ko';

export const LANGUAGES: Readonly<Record<Language, Messages>> = { en, zh, ko };

const CHOSEN = 'faregate-language';

/** The first of the wanted languages (BCP 47) that the pages speak; else English. */
export function bestOf(wanted: readonly string[]): Language {
  for (const tag of wanted) {
    const base = tag.toLowerCase().split('-')[0];
    if (base !== undefined && isLanguage(base)) return base;
  }
  return 'en';
}

function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** What the page says, in the language in force. */
export class Speech {
  language = $state<Language>(kept() ?? bestOf(navigator.languages));
  readonly say = $derived(LANGUAGES[this.language]);

  choose(language: Language): void {
    this.language = language;
    try {
      localStorage.setItem(CHOSEN, language);
    } catch {
      // A browser that keeps nothing asks again next time.
    }
  }
}

function kept(): Language | null {
  try {
    const text = localStorage.getItem(CHOSEN);
    return text !== null && isLanguage(text) ? text : null;
  } catch {
    return null;
  }
}
