// Abbreviations that the tz database had for these zones until 2017, and that Java's classes still print, where it has numbers now.
// Level 6, every thread.
#include "connectors/s3/zone_abbreviations.h"

#include <algorithm>
#include <map>

namespace bywash::connectors::s3 {
namespace {

// Standard time, daylight saving time, zones.
constexpr std::string_view kAbbreviations[] = {
    "ACT ACST America/Eirunepe America/Porto_Acre America/Rio_Branco Brazil/Acre",
    "ACWST ACWDT Australia/Eucla",
    "AFT AFST Asia/Kabul",
    "ALMT ALMST Asia/Almaty",
    "AMT AMST America/Boa_Vista America/Campo_Grande America/Cuiaba America/Manaus America/Porto_Velho Asia/Yerevan Brazil/West",
    "ANAT ANAST Asia/Anadyr",
    "AQTT AQTST Asia/Aqtau Asia/Aqtobe",
    "ART ARST America/Argentina/Buenos_Aires America/Argentina/Catamarca America/Argentina/ComodRivadavia America/Argentina/Cordoba",
    "ART ARST America/Argentina/Jujuy America/Argentina/La_Rioja America/Argentina/Mendoza America/Argentina/Rio_Gallegos",
    "ART ARST America/Argentina/Salta America/Argentina/San_Juan America/Argentina/San_Luis America/Argentina/Tucuman",
    "ART ARST America/Argentina/Ushuaia America/Buenos_Aires America/Catamarca America/Cordoba America/Jujuy America/Mendoza",
    "ART ARST America/Rosario",
    "AST ADT Asia/Aden Asia/Baghdad Asia/Bahrain Asia/Kuwait Asia/Qatar Asia/Riyadh",
    "AWST AWDT Antarctica/Casey",
    "AZOT AZOST Atlantic/Azores",
    "AZT AZST Asia/Baku",
    "BDT BDST Asia/Dacca Asia/Dhaka",
    "BNT BNST Asia/Brunei",
    "BOT BOST America/La_Paz",
    "BRT BRST America/Araguaina America/Bahia America/Belem America/Fortaleza America/Maceio America/Recife America/Santarem",
    "BRT BRST America/Sao_Paulo Brazil/East",
    "BST BST Pacific/Bougainville",
    "BTT BTST Asia/Thimbu Asia/Thimphu",
    "CCT CCST Indian/Cocos",
    "CHAST CHADT Pacific/Chatham",
    "CHOT CHOST Asia/Choibalsan",
    "CHUT CHUST Pacific/Chuuk Pacific/Truk Pacific/Yap",
    "CKT CKHST Pacific/Rarotonga",
    "CLT CLST America/Santiago Antarctica/Palmer Chile/Continental",
    "COT COST America/Bogota",
    "CVT CVST Atlantic/Cape_Verde",
    "CXT CXST Indian/Christmas",
    "DAVT DAVST Antarctica/Davis",
    "DDUT DDUST Antarctica/DumontDUrville",
    "EAST EASST Chile/EasterIsland Pacific/Easter",
    "ECT ECST America/Guayaquil",
    "EET EEST Asia/Amman Asia/Damascus",
    "EGT EGST America/Scoresbysund",
    "FJT FJST Pacific/Fiji",
    "FKT FKST Atlantic/Stanley",
    "FNT FNST America/Noronha Brazil/DeNoronha",
    "GALT GALST Pacific/Galapagos",
    "GAMT GAMST Pacific/Gambier",
    "GET GEST Asia/Tbilisi",
    "GFT GFST America/Cayenne",
    "GILT GILST Pacific/Tarawa",
    "GST GDT Asia/Dubai Asia/Muscat Atlantic/South_Georgia",
    "GYT GYST America/Guyana",
    "HOVT HOVST Asia/Hovd",
    "ICT ICST Asia/Bangkok Asia/Ho_Chi_Minh Asia/Phnom_Penh Asia/Saigon Asia/Vientiane",
    "IOT IOST Indian/Chagos",
    "IRKT IRKST Asia/Irkutsk",
    "IRST IRDT Asia/Tehran",
    "IST IDT Asia/Colombo",
    "KGT KGST Asia/Bishkek",
    "KOST KOSST Pacific/Kosrae",
    "KRAT KRAST Asia/Krasnoyarsk Asia/Novokuznetsk",
    "LHST LHDT Australia/LHI Australia/Lord_Howe",
    "LINT LINST Pacific/Kiritimati",
    "MAGT MAGST Asia/Magadan",
    "MART MARST Pacific/Marquesas",
    "MAWT MAWST Antarctica/Mawson",
    "MHT MHST Pacific/Kwajalein Pacific/Majuro",
    "MMT MMST Asia/Rangoon Asia/Yangon",
    "MSK MSD Europe/Minsk",
    "MUT MUST Indian/Mauritius",
    "MVT MVST Indian/Maldives",
    "MYT MYST Asia/Kuala_Lumpur Asia/Kuching",
    "NCT NCST Pacific/Noumea",
    "NFT NFST Pacific/Norfolk",
    "NOVT NOVST Asia/Novosibirsk",
    "NPT NPST Asia/Kathmandu Asia/Katmandu",
    "NRT NRST Pacific/Nauru",
    "NUT NUST Pacific/Niue",
    "OMST OMSST Asia/Omsk",
    "ORAT ORAST Asia/Oral",
    "PET PEST America/Lima",
    "PETT PETST Asia/Kamchatka",
    "PGT PGST Pacific/Port_Moresby",
    "PHOT PHOST Pacific/Enderbury",
    "PMST PMDT America/Miquelon",
    "PONT PONST Pacific/Pohnpei Pacific/Ponape",
    "PST PDT Pacific/Pitcairn",
    "PWT PWST Pacific/Palau",
    "PYT PYST America/Asuncion",
    "QOST QOSST Asia/Qostanay",
    "QYZT QYZST Asia/Qyzylorda",
    "RET REST Indian/Reunion",
    "ROTT ROTST Antarctica/Rothera",
    "SAKT SAKST Asia/Sakhalin",
    "SAMT SAMST Europe/Samara",
    "SBT SBST Pacific/Guadalcanal",
    "SCT SCST Indian/Mahe",
    "SGT SGST Asia/Singapore",
    "SRET SREDT Asia/Srednekolymsk",
    "SRT SRST America/Paramaribo",
    "SYOT SYOST Antarctica/Syowa",
    "TAHT TAHST Pacific/Tahiti",
    "TFT TFST Indian/Kerguelen",
    "TJT TJST Asia/Dushanbe",
    "TKT TKST Pacific/Fakaofo",
    "TLT TLST Asia/Dili",
    "TMT TMST Asia/Ashgabat Asia/Ashkhabad",
    "TOT TOST Pacific/Tongatapu",
    "TRT TRST Asia/Istanbul Europe/Istanbul",
    "TVT TVST Pacific/Funafuti",
    "ULAT ULAST Asia/Ulaanbaatar Asia/Ulan_Bator",
    "UYT UYST America/Montevideo",
    "UZT UZST Asia/Samarkand Asia/Tashkent",
    "VET VEST America/Caracas",
    "VLAT VLAST Asia/Ust-Nera Asia/Vladivostok",
    "VOST VOSST Antarctica/Vostok",
    "VUT VUST Pacific/Efate",
    "WAKT WAKST Pacific/Wake",
    "WET WEST Africa/Casablanca Africa/El_Aaiun",
    "WFT WFST Pacific/Wallis",
    "WGT WGST America/Godthab America/Nuuk",
    "WSST WSDT Pacific/Apia",
    "XJT XJDT Asia/Kashgar Asia/Urumqi",
    "YAKT YAKST Asia/Chita Asia/Khandyga Asia/Yakutsk",
    "YEKT YEKST Asia/Yekaterinburg",
};

struct Pair {
  std::string_view standard, daylight;
};

std::string_view next_word(std::string_view* text) {
  const size_t end = std::min(text->find(' '), text->size());
  std::string_view word = text->substr(0, end);
  text->remove_prefix(std::min(end + 1, text->size()));
  return word;
}

std::map<std::string_view, Pair> read_table() {
  std::map<std::string_view, Pair> out;
  for (std::string_view line : kAbbreviations) {
    Pair pair;
    pair.standard = next_word(&line);
    pair.daylight = next_word(&line);
    while (!line.empty()) out.emplace(next_word(&line), pair);
  }
  return out;
}

}  // namespace

std::string_view zone_abbreviation(std::string_view zone, bool daylight_saving) {
  static const std::map<std::string_view, Pair> table = read_table();
  auto known = table.find(zone);
  if (known == table.end()) return {};
  return daylight_saving ? known->second.daylight : known->second.standard;
}

}  // namespace bywash::connectors::s3
