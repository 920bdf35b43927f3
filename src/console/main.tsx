import './styles/tokens.css';
import './styles/console.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startWords } from './i18n/index.ts';
import { startKeys } from './keys.ts';
import { startRouter } from './router.ts';
import { startSession } from './session.ts';

startRouter();
startKeys();
void startSession();
await startWords();

const host = document.getElementById('app');
if (!host) throw new Error('console: index.html has no place for the page');
render(<App />, host);
