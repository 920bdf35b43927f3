// In this order: later ones say more.
import './styles/tokens.css';
import './styles/base.css';
import './styles/frame.css';
import './styles/controls.css';
import './styles/parts.css';
import './styles/home.css';
import './styles/imprints.css';
import './styles/verification.css';
import './styles/phone.css';
import './styles/certificates.css';
import './styles/review.css';
import './styles/policies-and-jobs.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startWords } from './i18n/index.ts';
import { startKeys } from './keys.ts';
import { path, startRouter } from './router.ts';
import { routeFor } from './routes.tsx';
import { startSession } from './session.ts';

const bandWaitMs = 500;

startRouter();
startKeys();
const session = startSession();
const words = startWords();
// A task later, so that the many small scripts of a page do not stand before the words in the
// browser's queue: without words nothing is painted.
setTimeout(() => routeFor(path.value)?.route.render.fetchEarly?.());
await words;
// The band of demo mode pushes the page down when it comes later; a slow answer is not waited for.
await Promise.race([session, new Promise((wake) => setTimeout(wake, bandWaitMs))]);

const host = document.getElementById('app');
if (!host) throw new Error('console: index.html has no place for the page');
render(<App />, host);
