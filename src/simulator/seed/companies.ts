export type SeedCompany = {
  name: string;
  domain: string;
  city: string;
  state: string;
  country: string;
  industry: string;
  employees: string;
  revenue: string;
};

/** `name|domain|city|state|country|industry|employees|annual revenue in dollars`. */
const ROWS: readonly string[] = [
  'Acme Corp|acme.test|Toledo|Ohio|United States|MACHINERY|420|61000000',
  'Acme Corporate Travel|acme-travel.test|Leeds|West Yorkshire|United Kingdom|HOSPITALITY|35|4200000',
  'Bramble & Finch Interiors|bramblefinch.test|Bristol|Avon|United Kingdom|DESIGN|28|3100000',
  'Northgate Cold Storage|northgatecold.test|Duluth|Minnesota|United States|LOGISTICS_AND_SUPPLY_CHAIN|160|22500000',
  'Sorrel Bakery Supplies|sorrelbakery.test|Portland|Oregon|United States|FOOD_BEVERAGES|44|7800000',
  'Halden Marine Works|haldenmarine.test|Bergen|Vestland|Norway|MACHINERY|310|54000000',
  'Quayside Dental Group|quaysidedental.test|Newcastle|Tyne and Wear|United Kingdom|HOSPITAL_HEALTH_CARE|72|9600000',
  'Tamarind Street Kitchen|tamarindstreet.test|Austin|Texas|United States|FOOD_BEVERAGES|19|1900000',
  'Verdigris Solar|verdigrissolar.test|Tucson|Arizona|United States|RENEWABLES_ENVIRONMENT|96|18400000',
  'Ostrava Precision Parts|ostravaparts.test|Ostrava|Moravia-Silesia|Czechia|AUTOMOTIVE|540|47200000',
  'Lumen & Loom Textiles|lumenloom.test|Porto|Norte|Portugal|CONSUMER_GOODS|130|12700000',
  'Kestrel Insurance Brokers|kestrelbrokers.test|Hartford|Connecticut|United States|INSURANCE|58|11300000',
  'Bluff Creek Timber|bluffcreek.test|Missoula|Montana|United States|BUILDING_MATERIALS|85|16000000',
  'Pelham Road Veterinary|pelhamvet.test|Providence|Rhode Island|United States|HOSPITAL_HEALTH_CARE|24|3400000',
  'Saffron Ledger Accounting|saffronledger.test|Leicester|Leicestershire|United Kingdom|ACCOUNTING|31|4900000',
  'Meridian Print House|meridianprint.test|Milwaukee|Wisconsin|United States|PRINTING|66|8800000',
  'Ruhrtal Logistik|ruhrtal-logistik.test|Essen|North Rhine-Westphalia|Germany|LOGISTICS_AND_SUPPLY_CHAIN|275|39500000',
  'Cobalt Harbor Software|cobaltharbor.test|Halifax|Nova Scotia|Canada|COMPUTER_SOFTWARE|88|13900000',
  'Juniper Lane Realty|juniperlane.test|Asheville|North Carolina|United States|REAL_ESTATE|22|5200000',
  'Alder & Vine Wines|aldervine.test|Walla Walla|Washington|United States|WINE_AND_SPIRITS|37|6600000',
  'Terracotta Learning|terracottalearning.test|Madison|Wisconsin|United States|EDUCATION_MANAGEMENT|41|5500000',
  'Fjordlys Energi|fjordlys.test|Tromsø|Troms|Norway|UTILITIES|190|70300000',
  'Hopper & Sons Roofing|hopperroofing.test|Tulsa|Oklahoma|United States|CONSTRUCTION|52|9100000',
  'Parallax Optics|parallaxoptics.test|Rochester|New York|United States|BIOTECHNOLOGY|118|24000000',
  'Mistral Café Collective|mistralcafe.test|Lyon|Auvergne-Rhône-Alpes|France|FOOD_BEVERAGES|48|4700000',
  'Greyfriars Legal Print|greyfriars.test|Edinburgh|Lothian|United Kingdom|PRINTING|15|1600000',
  'Copperline Transit|copperline.test|Salt Lake City|Utah|United States|TRANSPORTATION_TRUCKING_RAILROAD|360|44800000',
  'Osprey Bay Hotels|ospreybay.test|Savannah|Georgia|United States|HOSPITALITY|240|31200000',
  'Wrenfield Organic Farms|wrenfield.test|Ithaca|New York|United States|FOOD_BEVERAGES|63|7200000',
  'Sable Point Security|sablepoint.test|Baltimore|Maryland|United States|COMPUTER_SOFTWARE|77|15100000',
  'Lindqvist Möbel|lindqvistmobel.test|Malmö|Skåne|Sweden|CONSUMER_GOODS|102|14300000',
  'Tidewater Pump & Valve|tidewaterpump.test|Norfolk|Virginia|United States|MACHINERY|143|27700000',
  'Candlewick Gifts|candlewick.test|Galway|Connacht|Ireland|RETAIL|12|980000',
  'Ironbark Civil|ironbarkcivil.test|Brisbane|Queensland|Australia|CONSTRUCTION|205|36900000',
  'Hearthstone Credit Union|hearthstonecu.test|Boise|Idaho|United States|FINANCIAL_SERVICES|134|28000000',
  'Nocturne Audio|nocturneaudio.test|Nashville|Tennessee|United States|CONSUMER_GOODS|33|5900000',
  'Plover & Reed Architects|ploverreed.test|Seattle|Washington|United States|DESIGN|47|8300000',
  'Zephyr Bicycle Works|zephyrbikes.test|Utrecht|Utrecht|Netherlands|RETAIL|29|3800000',
  'Larkspur Senior Living|larkspurliving.test|Sarasota|Florida|United States|HOSPITAL_HEALTH_CARE|310|25600000',
  'Sandhill Aggregates|sandhillagg.test|Lubbock|Texas|United States|BUILDING_MATERIALS|74|13200000',
  'Oriel Window Company|orielwindows.test|Cardiff|South Glamorgan|United Kingdom|BUILDING_MATERIALS|56|7000000',
  'Brightwater Labs|brightwaterlabs.test|San Diego|California|United States|BIOTECHNOLOGY|91|19800000',
  'Caraway Catering|carawaycatering.test|Chicago|Illinois|United States|FOOD_BEVERAGES|38|4100000',
  'Monsoon Freight Forwarding|monsoonfreight.test|Chennai|Tamil Nadu|India|LOGISTICS_AND_SUPPLY_CHAIN|220|17500000',
  'Gilded Page Bookshops|gildedpage.test|Burlington|Vermont|United States|RETAIL|26|2700000',
  'Redstone Dialysis Care|redstonedialysis.test|Albuquerque|New Mexico|United States|HOSPITAL_HEALTH_CARE|148|21400000',
  'Tarn & Fell Outfitters|tarnfell.test|Kendal|Cumbria|United Kingdom|RETAIL|40|6100000',
  'Silverbirch Payroll|silverbirchpay.test|Ottawa|Ontario|Canada|FINANCIAL_SERVICES|53|8900000',
  'Estrela Coffee Importers|estrelacoffee.test|Santos|São Paulo|Brazil|FOOD_BEVERAGES|61|15700000',
  'Hollis Avenue Motors|hollismotors.test|Buffalo|New York|United States|AUTOMOTIVE|68|30500000',
  'Pinecrest Summer Camps|pinecrestcamps.test|Concord|New Hampshire|United States|EDUCATION_MANAGEMENT|17|1400000',
  'Aurelia Jewellers|aureliajewel.test|Antwerp|Flanders|Belgium|RETAIL|21|9900000',
  'Stonebridge Facilities|stonebridgefm.test|Manchester|Greater Manchester|United Kingdom|CONSTRUCTION|330|29300000',
  'Kiyomizu Ceramics|kiyomizu.test|Kyoto|Kyoto|Japan|CONSUMER_GOODS|45|6300000',
  'Dovetail Recruiting|dovetailrecruit.test|Denver|Colorado|United States|MARKETING_AND_ADVERTISING|36|5000000',
  'Marigold Home Care|marigoldcare.test|Fresno|California|United States|HOSPITAL_HEALTH_CARE|180|11800000',
  'Basalt Data Centers|basaltdc.test|Reykjavík|Capital Region|Iceland|COMPUTER_SOFTWARE|64|33600000',
  'Thistledown Nurseries|thistledown.test|Perth|Tayside|United Kingdom|RETAIL|30|2500000',
  'Cinder & Slate Kitchens|cinderslate.test|Omaha|Nebraska|United States|CONSTRUCTION|49|8000000',
  'Longacre Media|longacremedia.test|Dublin|Leinster|Ireland|MARKETING_AND_ADVERTISING|55|9400000',
];

export const SEED_COMPANIES: readonly SeedCompany[] = ROWS.map((row) => {
  const [name = '', domain = '', city = '', state = '', country = '', ...rest] = row.split('|');
  const [industry = '', employees = '', revenue = ''] = rest;
  return { name, domain, city, state, country, industry, employees, revenue };
});
