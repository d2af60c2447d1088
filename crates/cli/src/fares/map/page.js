// Says name, fare and reason beside the pointer; the table below holds the same for everybody.
const tip = document.getElementById('tip');
for (const stop of document.querySelectorAll('.stop')) {
  const title = stop.querySelector('title');
  const said = title.textContent;
  title.remove();
  const why = document.getElementById(stop.dataset.id)?.querySelector('td:last-child').textContent;
  const show = (event) => {
    const name = document.createElement('b');
    name.textContent = said;
    tip.replaceChildren(name, why ?? '');
    tip.style.display = 'block';
    const within = (at, most) => `${Math.max(8, Math.min(at + 14, most - 8))}px`;
    tip.style.left = within(event.clientX, innerWidth - tip.offsetWidth);
    tip.style.top = within(event.clientY, innerHeight - tip.offsetHeight);
  };
  stop.addEventListener('pointermove', show);
  stop.addEventListener('click', show);
  stop.addEventListener('pointerleave', () => {
    tip.style.display = 'none';
  });
}
