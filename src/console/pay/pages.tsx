import '../person/person.css';
import './pay.css';

export { HistoryPage } from './history.tsx';
export { OrderPage } from './order.tsx';
export { PayPage } from './pay.tsx';
