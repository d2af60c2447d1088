import { mount } from 'svelte';
import { keepForOffline } from '../lib/offline.ts';
import App from './App.svelte';
import '../styles.css';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');
mount(App, { target });
keepForOffline('/wallet/');
