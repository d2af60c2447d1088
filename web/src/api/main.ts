import { mount } from 'svelte';
import '../styles.css';
import Api from './Api.svelte';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no element #app');
mount(Api, { target });
